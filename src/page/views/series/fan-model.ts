import type { Forecast } from '../../../core/forecast/format.js'
import type { SeriesHistory, SeriesSteps } from '../../../ports/control/series.js'
import type { Column } from '../../charts/align.js'
import { gapsOf, withGaps } from '../../charts/align.js'
import type { Band, ChartModel, Line } from '../../charts/chart-model.js'
import type { Role } from '../../charts/colours.js'
import { outermost, outermostLevels, type Quantiles } from '../../charts/quantiles.js'
import { intervalMs } from '../../format/times.js'
import { drawnTargets, usualDistance } from './targets.js'
import type { Fork } from './what-if.js'

export interface FanParts {
  readonly title: string
  readonly interval: string
  readonly observations: SeriesHistory['observations']
  /** The one whose fan is drawn. */
  readonly forecast: Forecast | undefined
  /** From the same origin, by others. */
  readonly baseline: Forecast | null
  readonly challenger: Forecast | null
  readonly made: SeriesSteps['rows']
  readonly fork: Fork | null
  /** "1 h": how long before its time each of `made` was made. */
  readonly ahead: string
}

const seconds = (ms: number): number => ms / 1000

/** Actual values, what had been forecast for them, and a forecast with its bands. */
export function fanModel(parts: FanParts): ChartModel {
  const { title, interval, observations, forecast, made, fork, ahead } = parts
  const step = intervalMs(interval)
  const seen: Column = {
    x: observations.map(([at]) => seconds(at)),
    y: observations.map(([, value]) => (typeof value === 'number' ? value : null)),
  }
  const stepSeconds = step === null ? null : seconds(step)
  const lines: Line[] = []
  const bands: Band[] = []

  // Also before its first forecast a chart has all its lines: their number says whether it is drawn anew.
  const first = seen.x[0] ?? -Infinity
  const rows = made.filter(([at]) => seconds(at) >= first && (observations.at(-1)?.[0] ?? 0) >= at)
  const madeAt = rows.map(([at]) => seconds(at))
  const madeColumns = columnsOf(rows.map(([, values]) => values))
  addBand(lines, bands, madeAt, madeColumns, { role: 'made', alpha: 0.14, name: `made ${ahead} before` })
  lines.push({
    ...withGaps({ x: madeAt, y: madeColumns.middle }, stepSeconds),
    label: `Made ${ahead} before`,
    role: 'made',
    shape: 'dashed',
  })

  const targets = forecast === undefined ? [] : drawnTargets(forecast, observations).map(seconds)
  const fan = fanColumns(forecast)
  addBand(lines, bands, targets, fan, { role: 'forecast', alpha: 0.22, name: 'forecast' })
  lines.push({ x: targets, y: fan.middle, label: 'Forecast', role: 'forecast', shape: 'line' })
  for (const [other, label, look] of [
    [parts.challenger, 'Challenger', { role: 'challenger', shape: 'dashed' }],
    [parts.baseline, 'Baseline', { role: 'baseline', shape: 'dotted' }],
  ] as const) {
    if (other === null) continue
    const at = drawnTargets(other, observations).map(seconds)
    lines.push({ x: at, y: fanColumns(other).middle, label, ...look })
  }
  if (fork !== null) addFork(lines, bands, fork, observations, step)
  lines.push({ ...withGaps(seen, stepSeconds), label: 'Actual', role: 'actual', shape: 'line' })
  lines.push({
    ...outside(seen, madeAt, madeColumns),
    label: 'Outside the band',
    role: 'anomaly',
    shape: 'rings',
  })

  const origin = forecast === undefined ? undefined : seconds(Date.parse(forecast.origin))
  return {
    title,
    axis: { kind: 'time' },
    lines,
    bands,
    gaps: gapsOf(seen, stepSeconds),
    ...(origin === undefined ? {} : { mark: origin }),
  }
}

/** The outermost band and the median of a forecast; of none, nothing. */
export function fanColumns(forecast: Forecast | null | undefined): Quantiles {
  return outermost(forecast?.quantiles ?? {})
}

/** The same of one step of many forecasts. */
export function columnsOf(rows: readonly Readonly<Record<string, number>>[]): Quantiles {
  const levels = outermostLevels(Object.keys(rows[0] ?? {}))
  if (levels === null) return { low: [], middle: [], high: [] }
  const [low, middle, high] = levels.map((level) => rows.map((row) => row[level]!))
  return { low: low!, middle: middle!, high: high! }
}

function addBand(
  lines: Line[],
  bands: Band[],
  x: readonly number[],
  { low, high }: Quantiles,
  look: { readonly role: Role; readonly alpha: number; readonly name: string },
): void {
  const { role, alpha, name } = look
  bands.push({ low: lines.length, high: lines.length + 1, role, alpha })
  lines.push({ x, y: low, label: `Lower bound, ${name}`, role, shape: 'edge' })
  lines.push({ x, y: high, label: `Upper bound, ${name}`, role, shape: 'edge' })
}

/** What was supposed, from the newest observation on, and what would then be forecast. */
function addFork(
  lines: Line[],
  bands: Band[],
  { supposed, forecast }: Fork,
  observations: SeriesHistory['observations'],
  step: number | null,
): void {
  const last = observations.at(-1)?.[0] ?? 0
  const at = supposed.map((_, i) => seconds(last + (i + 1) * (step ?? usualDistance(observations))))
  lines.push({ x: at, y: supposed, label: 'Supposed', role: 'fork', shape: 'dots' })
  const targets = drawnTargets(forecast, observations).map(seconds)
  const fan = fanColumns(forecast)
  addBand(lines, bands, targets, fan, { role: 'fork', alpha: 0.18, name: 'what if' })
  lines.push({ x: targets, y: fan.middle, label: 'What if', role: 'fork', shape: 'line' })
}

/** Observations that lay outside of what had been forecast for them. */
function outside(seen: Column, at: readonly number[], { low, high }: Quantiles): Column {
  const place = new Map(at.map((time, i) => [time, i]))
  const [x, y]: [number[], number[]] = [[], []]
  seen.x.forEach((time, i) => {
    const value = seen.y[i]
    const made = place.get(time)
    if (value === null || value === undefined || made === undefined) return
    if (value >= low[made]! && value <= high[made]!) return
    x.push(time)
    y.push(value)
  })
  return { x, y }
}
