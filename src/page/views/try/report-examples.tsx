import { useMemo, useState } from 'preact/hooks'
import type { BacktestReport, ExampleReport, ModelReport } from '../../../ports/control/backtest-report.js'
import { Chart } from '../../charts/chart.js'
import type { ChartModel, Line } from '../../charts/chart-model.js'
import { outermost } from '../../charts/quantiles.js'
import { formatTime } from '../../format/times.js'
import { lookOf } from './report-charts.js'

/** Stretches of the end of the data, with what was forecast there beforehand. */
export function Examples({ report }: { readonly report: BacktestReport }) {
  const { examples, models } = report
  const [at, setAt] = useState(0)
  const [name, setName] = useState(models[0]?.name ?? 'baseline')
  const example = examples[at]
  const model = useMemo(
    () => (example === undefined ? null : exampleModel(report, example, name)),
    [report, example, name],
  )
  if (example === undefined || model === null) return null
  const inside = insideOf(example, name)
  return (
    <div class="stack">
      <h3>Forecast and what came</h3>
      <div class="fields">
        <label class="field">
          Stretch
          <select value={at} onChange={({ currentTarget }) => setAt(Number(currentTarget.value))}>
            {examples.map(({ series, ts }, i) => (
              <option key={i} value={i}>
                {series.slice(0, 60)}, {formatTime(Date.parse(ts[0] ?? ''), 'utc')} UTC
              </option>
            ))}
          </select>
        </label>
        <label class="field">
          Forecast by
          <select
            value={name}
            onChange={({ currentTarget }) => setName(currentTarget.value as ModelReport['name'])}
          >
            {models.map((one) => (
              <option key={one.name} value={one.name}>
                {one.name}
              </option>
            ))}
          </select>
        </label>
      </div>
      <Chart
        model={model}
        summary={`${example.values.length} observations; ${inside} of what came under a forecast of ${name} lay inside its band.`}
        height={320}
      />
    </div>
  )
}

function exampleModel(
  report: BacktestReport,
  { series, ts, values, fans }: ExampleReport,
  name: ModelReport['name'],
): ChartModel {
  const times = ts.map((iso) => Date.parse(iso) / 1000)
  const x: number[] = []
  const band: Record<'low' | 'middle' | 'high', (number | null)[]> = { low: [], middle: [], high: [] }
  const own = fans.filter(({ model }) => model === name)
  for (const { origin, quantiles } of own) {
    const { low, middle, high } = outermost(quantiles)
    middle.forEach((value, h) => {
      const time = times[origin + 1 + h]
      if (time === undefined) return
      // Where one forecast ends and the next begins, no line is drawn.
      if (h === 0 && x.length > 0) {
        x.push((x.at(-1)! + time) / 2)
        for (const column of Object.values(band)) column.push(null)
      }
      x.push(time)
      band.middle.push(value)
      band.low.push(low[h] ?? null)
      band.high.push(high[h] ?? null)
    })
  }
  const { role } = lookOf(report, name)
  const edge = (y: readonly (number | null)[], label: string): Line => ({ x, y, label, role, shape: 'edge' })
  return {
    title: `Backtest of ${series.slice(0, 60)} by ${name}`,
    axis: { kind: 'time' },
    lines: [
      edge(band.low, 'Lower bound'),
      edge(band.high, 'Upper bound'),
      { x, y: band.middle, label: `Forecast by ${name}`, role, shape: 'line' },
      { x: times, y: values, label: 'Actual', role: 'actual', shape: 'line' },
    ],
    bands: [{ low: 0, high: 1, role, alpha: 0.2 }],
  }
}

/** "130 of 168 observations". */
function insideOf({ values, fans }: ExampleReport, name: ModelReport['name']): string {
  let [inside, all] = [0, 0]
  for (const { model, origin, quantiles } of fans) {
    if (model !== name) continue
    const { low, high } = outermost(quantiles)
    low.forEach((bottom, h) => {
      const value = values[origin + 1 + h]
      if (value === null || value === undefined) return
      all++
      if (value >= bottom && value <= high[h]!) inside++
    })
  }
  return `${inside} of ${all} observations`
}
