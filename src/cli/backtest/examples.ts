import type { ExampleFan, ExampleReport, ModelReport } from '../../ports/control/backtest-report.js'
import type { Actuals } from './actuals.js'

const EXAMPLES = 3
/** Grid steps of an example that are forecast, unless two horizons are longer. */
const STRETCH = 168
const FEWEST_FANS = 2

interface Example {
  readonly series: string
  readonly actual: Actuals
  /** Positions [from, to) of the series' grid are shown. */
  readonly from: number
  readonly to: number
  /** Positions of origins in the series' grid. */
  readonly origins: ReadonlySet<number>
  readonly fans: ExampleFan[]
}

/** Stretches of the test part, of different series and times, over which forecasts follow each other from end to end. */
export class Examples {
  private readonly all: readonly Example[]

  constructor(data: ReadonlyMap<string, Actuals>, horizon: number) {
    const usable = [...data].filter(([, { test, ts }]) => test > 0 && test + horizon <= ts.length)
    const all = Array.from({ length: usable.length > 0 ? EXAMPLES : 0 }, (_, k) => {
      const [series, actual] = usable[Math.floor((k * (usable.length - 1)) / (EXAMPLES - 1))]!
      return chosen(series, actual, horizon, (k + 0.5) / EXAMPLES)
    })
    // In a short file they would be the same.
    this.all = all.filter(
      (one, k) => all.findIndex(({ series, from }) => series === one.series && from === one.from) === k,
    )
  }

  /** Keeps a forecast where it is part of an example. */
  offer(
    model: ModelReport['name'],
    series: string,
    origin: number,
    quantiles: ExampleFan['quantiles'],
  ): void {
    for (const example of this.all) {
      const at = example.series === series ? example.actual.position(origin) : undefined
      if (at === undefined || !example.origins.has(at)) continue
      example.fans.push({ model, origin: at - example.from, quantiles })
    }
  }

  report(): ExampleReport[] {
    return this.all.map(({ series, actual, from, to, fans }) => ({
      series,
      ts: Array.from(actual.ts.subarray(from, to), (ts) => new Date(ts).toISOString()),
      values: Array.from(actual.values.subarray(from, to), (value) => (value === value ? value : null)),
      fans,
    }))
  }
}

/** @param place of the stretch in the test part, 0–1 */
function chosen(series: string, actual: Actuals, horizon: number, place: number): Example {
  const { ts, values, test } = actual
  const wanted = Math.max(FEWEST_FANS, Math.floor(STRETCH / horizon)) * horizon
  const length = Math.min(wanted, ts.length - test)
  // The first origin is the last point before what is forecast.
  const first = test - 1 + Math.floor(place * (ts.length - test - length + 1))
  const last = first + length
  const from = Math.max(0, first - Math.max(horizon, Math.floor(length / 4)))
  const origins = new Set<number>()
  for (let i = first; i + horizon <= last;) {
    // From a missing value nothing is forecast.
    if (values[i] === values[i]) {
      origins.add(i)
      i += horizon
    } else i++
  }
  return { series, actual, from, to: last + 1, origins, fans: [] }
}
