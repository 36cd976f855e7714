import type { GradientDynamics, GradientReport } from '../ports/model-store.js'

/** Points of the reported training curve. */
const CURVE_POINTS = 100

export interface TrainingProgress {
  readonly update: number
  readonly updates: number
  readonly loss: number
  readonly gradientNorm: number
  readonly clippedNorm: number
  /** Share of the updates so far that were clipped. */
  readonly clippedShare: number
  readonly seconds: number
  readonly etaSeconds: number
  /** Where they have just been measured. */
  readonly dynamics: GradientDynamics | null
}

/** Follows a training through its updates, and remembers its curve. */
export class ProgressMeter {
  private readonly started = performance.now()
  private readonly points: (readonly [number, number, number])[] = []
  private clipped = 0
  /** Since the last report. */
  private fresh: GradientDynamics | null = null
  private latest: GradientDynamics | null = null
  private measuring = 0
  private updates = 0

  constructor(
    private readonly clipNorm: number,
    private readonly report: (progress: TrainingProgress) => void,
  ) {}

  /** The training goes on for so many updates more, as far as is known. */
  extend(updates: number): void {
    this.updates = this.points.length + updates
  }

  /** @param seconds that it took */
  measured(dynamics: GradientDynamics, seconds: number): void {
    this.fresh = this.latest = dynamics
    this.measuring += seconds
  }

  /** Since the training began. */
  seconds(): number {
    return (performance.now() - this.started) / 1000
  }

  secondsPerUpdate(): number {
    return this.seconds() / Math.max(1, this.points.length)
  }

  add(loss: number, norm: number): void {
    const update = this.points.push([this.points.length + 1, loss, norm])
    if (norm > this.clipNorm) this.clipped += 1
    const seconds = this.seconds()
    this.report({
      update,
      updates: this.updates,
      loss,
      gradientNorm: norm,
      clippedNorm: Math.min(norm, this.clipNorm),
      clippedShare: this.clippedShare(),
      seconds,
      etaSeconds: (seconds / update) * (this.updates - update),
      dynamics: this.fresh,
    })
    this.fresh = null
  }

  /** [update, training loss, gradient norm before clipping], thinned. */
  curve(): readonly (readonly [number, number, number])[] {
    const every = Math.max(1, Math.ceil(this.points.length / CURVE_POINTS))
    return this.points.filter((_, i) => i % every === 0)
  }

  /** Of all updates, and of the last measurement. `null` before the first. */
  gradients(): Omit<GradientReport, 'advice'> | null {
    const { latest, clipNorm, measuring, started } = this
    if (latest === null) return null
    const norms = this.points.map(([, , norm]) => norm).sort((a, b) => a - b)
    const norm = { median: norms[norms.length >> 1]!, largest: norms.at(-1)! }
    return { ...latest, norm, clipNorm, cost: measuring / ((performance.now() - started) / 1000) }
  }

  /** Share of updates whose gradient was clipped. */
  clippedShare(): number {
    return this.points.length > 0 ? this.clipped / this.points.length : 0
  }
}
