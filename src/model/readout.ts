import type { NetworkSpec } from '../core/network-spec.js'
import { SPREAD_OFFSET, widens } from './head.js'

/**
 * The last lines of the head, from o = W_3 b to quantiles, in one pass over each target: median = o_mid + (u_k +
 * softmax(gate))·f_k, outer quantiles by softplus steps outward; see `headForecast`.
 */
export class Readout {
  private readonly shares: Float64Array
  private readonly widens: boolean

  constructor(
    private readonly spec: NetworkSpec,
    /** [Q + M] */
    private readonly bias: Float32Array,
    /** u [horizon, M] */
    private readonly direct: Float32Array,
  ) {
    this.shares = new Float64Array(spec.mixture)
    this.widens = widens(spec)
  }

  /**
   * @param o [rows · horizon, Q + M], without its bias
   * @param features [rows, horizon, F]
   * @param at first row in `features` and `out`
   * @param out [rows, horizon, Q]
   */
  run(o: Float32Array, features: Float32Array, out: Float32Array, at: number, rows: number): void {
    const { horizon } = this.spec
    for (let row = 0; row < rows; row++) {
      for (let k = 0; k < horizon; k++) this.target(o, row * horizon + k, k, features, out, at * horizon)
    }
  }

  /**
   * One target.
   * @param row of `o`; that of `features` and `out` lies `offset` rows later
   * @param k horizon step, from 0
   */
  target(
    o: Float32Array,
    row: number,
    k: number,
    features: Float32Array,
    out: Float32Array,
    offset: number,
  ): void {
    const { mixture: M, targetFeatures: F } = this.spec
    const { bias, direct, shares } = this
    const Q = this.spec.quantiles.length
    const middle = (Q - 1) / 2
    const i = row * (Q + M)
    const f = (offset + row) * F
    const q = (offset + row) * Q
    let largest = -Infinity
    for (let j = 0; j < M; j++) largest = Math.max(largest, (shares[j] = o[i + Q + j]! + bias[Q + j]!))
    let total = 0
    for (let j = 0; j < M; j++) total += shares[j] = Math.exp(shares[j]! - largest)
    const unit = this.widens ? Math.sqrt(k + 1) : 1
    let median = (o[i + middle]! + bias[middle]!) * unit
    for (let j = 0; j < M; j++) median += (shares[j]! / total + direct[k * M + j]!) * features[f + j]!
    let lower = median
    let upper = median
    out[q + middle] = median
    for (let d = 1; d <= middle; d++) {
      lower -= softplus(o[i + middle - d]! + bias[middle - d]! - SPREAD_OFFSET) * unit
      upper += softplus(o[i + middle + d]! + bias[middle + d]! - SPREAD_OFFSET) * unit
      out[q + middle - d] = lower
      out[q + middle + d] = upper
    }
  }
}

/** log(1 + eˣ), without overflow. */
function softplus(x: number): number {
  return x > 30 ? x : Math.log1p(Math.exp(x))
}
