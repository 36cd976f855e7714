const BETA1 = 0.9
const BETA2 = 0.999
const EPSILON = 1e-8

/**
 * AdamW on one flat vector: m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g², w ← w − η(λw + m̂/(√v̂ + ε)), where ^ undoes the start from
 * zero; and the exponential moving average of the weights, which is what is used.
 */
export class AdamW {
  readonly average: Float32Array
  private readonly m: Float32Array
  private readonly v: Float32Array
  private updates = 0

  constructor(
    readonly weights: Float32Array,
    private readonly weightDecay: number,
    private readonly averaging: number,
    /**
     * A weight without a gradient only decays, and its m and v wait: where an update draws a few of many steps to learn,
     * momentum would carry the others on for ten updates from a single draw, ten times as far as a weight that can object.
     */
    private readonly waits = false,
  ) {
    this.average = weights.slice()
    this.m = new Float32Array(weights.length)
    this.v = new Float32Array(weights.length)
  }

  update(gradient: Float32Array, rate: number): void {
    const n = ++this.updates
    const { weights, average, m, v, weightDecay, waits } = this
    const unbias1 = 1 / (1 - Math.pow(BETA1, n))
    const unbias2 = 1 / (1 - Math.pow(BETA2, n))
    // Shorter memory at first, so that the random start weighs nothing in the average.
    const keep = Math.min(this.averaging, (1 + n) / (10 + n))
    for (let i = 0; i < weights.length; i++) {
      const g = gradient[i]!
      weights[i]! -= rate * weightDecay * weights[i]!
      if (g !== 0 || !waits) {
        m[i] = BETA1 * m[i]! + (1 - BETA1) * g
        v[i] = BETA2 * v[i]! + (1 - BETA2) * g * g
        weights[i]! -= (rate * m[i]! * unbias1) / (Math.sqrt(v[i]! * unbias2) + EPSILON)
      }
      average[i] = keep * average[i]! + (1 - keep) * weights[i]!
    }
  }
}
