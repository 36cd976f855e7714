/** Points of the reported training curve. */
const CURVE_POINTS = 100

export interface TrainingProgress {
  readonly update: number
  readonly updates: number
  readonly loss: number
  readonly gradientNorm: number
  readonly clippedNorm: number
  readonly seconds: number
  readonly etaSeconds: number
}

/** Follows a training through its updates, and remembers its curve. */
export class ProgressMeter {
  private readonly started = performance.now()
  private readonly points: (readonly [number, number, number])[] = []
  private clipped = 0

  constructor(
    private updates: number,
    private readonly clipNorm: number,
    private readonly report: (progress: TrainingProgress) => void,
  ) {}

  /** The same training goes on for so many updates more. */
  extend(updates: number): void {
    this.updates = this.points.length + updates
  }

  add(loss: number, norm: number): void {
    const update = this.points.push([this.points.length + 1, loss, norm])
    if (norm > this.clipNorm) this.clipped += 1
    const seconds = (performance.now() - this.started) / 1000
    this.report({
      update,
      updates: this.updates,
      loss,
      gradientNorm: norm,
      clippedNorm: Math.min(norm, this.clipNorm),
      seconds,
      etaSeconds: (seconds / update) * (this.updates - update),
    })
  }

  /** [update, training loss, gradient norm before clipping], thinned. */
  curve(): readonly (readonly [number, number, number])[] {
    const every = Math.max(1, Math.ceil(this.points.length / CURVE_POINTS))
    return this.points.filter((_, i) => i % every === 0)
  }

  /** Share of updates whose gradient was clipped. */
  clippedShare(): number {
    return this.points.length > 0 ? this.clipped / this.points.length : 0
  }
}
