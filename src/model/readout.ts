import type { NetworkSpec } from '../core/network-spec.js'
import { SPREAD_OFFSET } from './head.js'

/**
 * The last lines of the head, from o = W_3 b to quantiles, in one pass over each target:
 * median = o_mid + (u_k + softmax(gate))·f_k, outer quantiles by softplus steps outward, a walk times √k.
 */
export class Readout {
  private readonly shares: Float64Array

  constructor(
    private readonly spec: NetworkSpec,
    /** [Q + M] */
    private readonly bias: Float32Array,
    /** u [horizon, M] */
    private readonly direct: Float32Array,
  ) {
    this.shares = new Float64Array(spec.mixture)
  }

  /**
   * @param o [rows · horizon, Q + M], without its bias
   * @param features [rows, horizon, F]
   * @param at first row in `features` and `out`
   * @param out [rows, horizon, Q]
   */
  run(o: Float32Array, features: Float32Array, out: Float32Array, at: number, rows: number): void {
    const { horizon, mixture: M, targetFeatures: F, kind } = this.spec
    const { bias, direct, shares } = this
    const Q = this.spec.quantiles.length
    const middle = (Q - 1) / 2
    for (let row = 0, i = 0; row < rows; row++) {
      for (let k = 0; k < horizon; k++, i += Q + M) {
        const f = ((at + row) * horizon + k) * F
        const q = ((at + row) * horizon + k) * Q
        let largest = -Infinity
        for (let j = 0; j < M; j++) largest = Math.max(largest, (shares[j] = o[i + Q + j]! + bias[Q + j]!))
        let total = 0
        for (let j = 0; j < M; j++) total += shares[j] = Math.exp(shares[j]! - largest)
        let median = o[i + middle]! + bias[middle]!
        for (let j = 0; j < M; j++) median += (shares[j]! / total + direct[k * M + j]!) * features[f + j]!
        const unit = kind === 'walk' ? Math.sqrt(k + 1) : 1
        let lower = median
        let upper = median
        out[q + middle] = median * unit
        for (let d = 1; d <= middle; d++) {
          lower -= softplus(o[i + middle - d]! + bias[middle - d]! - SPREAD_OFFSET)
          upper += softplus(o[i + middle + d]! + bias[middle + d]! - SPREAD_OFFSET)
          out[q + middle - d] = lower * unit
          out[q + middle + d] = upper * unit
        }
      }
    }
  }
}

/** log(1 + eˣ), without overflow. */
function softplus(x: number): number {
  return x > 30 ? x : Math.log1p(Math.exp(x))
}
