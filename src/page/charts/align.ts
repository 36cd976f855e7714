/** Values by time; null is a gap. Times ascend. */
export interface Column {
  readonly x: readonly number[]
  readonly y: readonly (number | null)[]
}

/** All times once, and each column's values at them: `undefined` where a column says nothing, which draws no gap. */
export function alignColumns(columns: readonly Column[]): [number[], ...(number | null | undefined)[][]] {
  const all = new Set<number>()
  for (const { x } of columns) for (const time of x) all.add(time)
  const times = [...all].sort((a, b) => a - b)
  const place = new Map(times.map((time, index) => [time, index]))
  const aligned = columns.map(({ x, y }) => {
    const values = new Array<number | null | undefined>(times.length).fill(undefined)
    x.forEach((time, i) => (values[place.get(time)!] = y[i]!))
    return values
  })
  return [times, ...aligned]
}

/** Stretches [from, to] in which nothing was observed: a null, or steps of the grid without a record. */
export function gapsOf({ x, y }: Column, interval: number | null): readonly (readonly [number, number])[] {
  const gaps: (readonly [number, number])[] = []
  let last: number | null = null
  let holds = false
  x.forEach((time, i) => {
    if (y[i] === null) {
      holds = true
      return
    }
    if (last !== null && (holds || (interval !== null && time - last > interval * 1.5)))
      gaps.push([last, time])
    last = time
    holds = false
  })
  return gaps
}

/** A null within each gap, so that no line is drawn across it. */
export function withGaps({ x, y }: Column, interval: number | null): Column {
  if (interval === null) return { x, y }
  const [times, values]: [number[], (number | null)[]] = [[], []]
  x.forEach((time, i) => {
    const last = times.at(-1)
    if (last !== undefined && time - last > interval * 1.5) {
      times.push(last + interval)
      values.push(null)
    }
    times.push(time)
    values.push(y[i]!)
  })
  return { x: times, y: values }
}
