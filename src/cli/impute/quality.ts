/** What one way of filling gaps makes of values that were removed and are known. */
export interface Quality {
  /** Mean absolute error over that of the seasonal naive forecast in the same series; mean over the series. */
  readonly mase: number
  /** Share of values inside the interval; of the network alone. */
  readonly coverage?: number
}

/** Estimates of one series' removed values. */
export interface Judged {
  readonly actual: readonly number[]
  readonly estimate: readonly number[]
  /** Mean |x_t − x_{t−m}| of the series. */
  readonly unit: number
  readonly inside?: number
}

export function qualityOf(judged: readonly Judged[]): Quality {
  const errors: number[] = []
  let inside = 0
  let count = 0
  for (const one of judged) {
    const sum = one.actual.reduce((total, x, i) => total + Math.abs(x - one.estimate[i]!), 0)
    const mase = sum / one.actual.length / one.unit
    if (Number.isFinite(mase)) errors.push(mase)
    inside += one.inside ?? NaN
    count += one.actual.length
  }
  const mase = errors.reduce((sum, error) => sum + error, 0) / errors.length
  return { mase, ...(inside === inside ? { coverage: inside / count } : {}) }
}

/** Mean |x_t − x_{t−lag}| where both are known. */
export function naiveError(values: Float64Array, lag: number): number {
  let sum = 0
  let count = 0
  for (let t = lag; t < values.length; t++) {
    const d = Math.abs(values[t]! - values[t - lag]!)
    if (d !== d) continue
    sum += d
    count++
  }
  return sum / count
}

/** The straight line between the nearest known values on both sides, which there must be. */
export function linear(values: Float64Array, t: number): number {
  let a = t
  let b = t
  while (values[a] !== values[a]) a--
  while (values[b] !== values[b]) b++
  return a === b ? values[t]! : values[a]! + ((t - a) / (b - a)) * (values[b]! - values[a]!)
}

/** The nearest known value whole seasons back, else ahead; else linear. */
export function seasonalNaive(values: Float64Array, t: number, lag: number): number {
  for (const step of [-lag, lag]) {
    for (let s = t + step; s >= 0 && s < values.length; s += step) {
      if (values[s] === values[s]) return values[s]!
    }
  }
  return linear(values, t)
}
