import { covariateFeatures } from '../core/covariates.js'
import { headFeatures, type SeasonalDrift } from '../core/features.js'
import { targetCalendar, targetFeatures, type TargetIndex } from '../core/target-index.js'
import type { NetworkSpec } from '../core/network-spec.js'
import type { EncodedSeries } from './encode-history.js'

/** Targets further out, in units of the scale, are taken as this far: one bad value must not own an update. */
const TARGET_LIMIT = 12

/** Features, calendar, target values and mask of one origin, all horizon steps. */
export class OriginBuffers {
  /** [horizon, targetFeatures] */
  readonly features: Float32Array
  readonly calendar: Int32Array
  readonly target: Float32Array
  readonly mask: Float32Array
  /** [horizon, covariates known ahead] */
  private readonly ahead: Float32Array
  private readonly drift: SeasonalDrift = { dm: 0, dpm: 0, dp: 0 }

  constructor(
    private readonly spec: NetworkSpec,
    private readonly index: TargetIndex,
  ) {
    this.features = new Float32Array(spec.horizon * spec.targetFeatures)
    this.calendar = new Int32Array(spec.horizon)
    this.ahead = new Float32Array(spec.horizon * index.layout.ahead.length)
    this.target = new Float32Array(spec.horizon)
    this.mask = new Float32Array(spec.horizon)
  }

  /** Fills the buffers for the forecast that step t makes; no target lies at or after step `end`. */
  fill(series: EncodedSeries, t: number, end: number): void {
    const { drift, spec } = this
    const mean = series.mean[t]!
    const scale = series.scale[t]!
    drift.dm = series.drift[3 * t]!
    drift.dpm = series.drift[3 * t + 1]!
    drift.dp = series.drift[3 * t + 2]!
    headFeatures(this.index, series.view, t, series.ts[t]!, mean, scale, drift, spec.annual, this.features, 0)
    targetCalendar(this.index, series.start + t, series.ts[t]!, this.calendar, 0)
    this.fillCovariates(series, t)
    for (let k = 0; k < spec.horizon; k++) {
      const at = t + k + 1
      const known = at < end && series.mask[at] === 1
      const z = known ? (series.view.x[at]! - mean) / scale : 0
      this.mask[k] = known ? 1 : 0
      this.target[k] = Math.max(-TARGET_LIMIT, Math.min(TARGET_LIMIT, z))
    }
  }
  private fillCovariates(series: EncodedSeries, t: number): void {
    const { index, ahead, features } = this
    const { layout, width } = index
    const K = layout.ahead.length
    const view = series.covariates
    if (K === 0 || view === null) return
    ahead.fill(NaN)
    ahead.set(series.ahead.subarray((t + 1) * K, (t + 1 + layout.shape.horizon) * K))
    const scalerAt = t * layout.covariateNames.length * 2
    const at = targetFeatures(layout).covariates
    covariateFeatures(index, { ...view, scalerAt }, t, ahead, 0, features, at, width)
  }
}
