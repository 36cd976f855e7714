import type { Forecast } from '../../core/forecast/format.js'
import type { PipelineStatus } from '../../ports/control.js'
import type { SeriesState } from '../../ports/control/series.js'
import { plot, type Layer, type PlotData } from './plot.js'

/** All that a frame shows. */
export interface Watched {
  readonly pipeline: string
  readonly series: string
  /** [ms, value], oldest first. */
  readonly observations: readonly (readonly [number, number | null])[]
  readonly forecast: Forecast | null
  readonly state: Pick<SeriesState, 'mase' | 'coverage'> | null
  readonly status: PipelineStatus | null
  /** Why nothing new comes, in words; `null` while it does. */
  readonly trouble: string | null
}

export interface FrameSize {
  readonly columns: number
  readonly rows: number
}

const FEWEST = { columns: 30, rows: 10 }
/** Lines that are no plot: three above, the axis, and the keys. */
const FURNITURE = 5
/** Horizons of the past that are shown, and how many observations at least. */
const PAST = 3
const FEWEST_PAST = 48

const CODES: Readonly<Record<Layer | 'dim' | 'bold' | 'alarm', string>> = {
  observed: '\u001B[97m',
  median: '\u001B[96m',
  band: '\u001B[34m',
  origin: '\u001B[90m',
  none: '',
  dim: '\u001B[90m',
  bold: '\u001B[1m',
  alarm: '\u001B[93m',
}
const RESET = '\u001B[0m'

/** The lines of a frame, none longer than the screen is wide. @param colour whether escape sequences may be used */
export function frame(watched: Watched, size: FrameSize, colour: boolean): string[] {
  const { columns, rows } = size
  if (columns < FEWEST.columns || rows < FEWEST.rows) {
    return [fit(`a screen of ${FEWEST.columns} × ${FEWEST.rows} characters is needed`, columns)]
  }
  const paint = (style: keyof typeof CODES, text: string): string =>
    colour && text !== '' && CODES[style] !== '' ? `${CODES[style]}${text}${RESET}` : text
  const { pipeline, series, trouble, forecast } = watched
  const model = forecast === null ? 'no forecast yet' : forecast.model
  const where = `  ${pipeline}, ${model}`
  const name = fit(plain(series), Math.max(8, columns - where.length))
  return [
    paint('bold', name) + paint('dim', fit(where, columns - Array.from(name).length)),
    fit(facts(watched), columns),
    trouble === null
      ? paint('dim', fit(statusText(watched.status), columns))
      : paint('alarm', fit(trouble, columns)),
    ...chart(watched, columns, rows - FURNITURE, paint),
  ]
}

function chart(
  { observations, forecast }: Watched,
  columns: number,
  rows: number,
  paint: (style: keyof typeof CODES, text: string) => string,
): string[] {
  const { lower, median, upper } = bands(forecast)
  const past = observations.slice(-Math.max(FEWEST_PAST, PAST * median.length))
  const data: PlotData = { observed: past.map(([, value]) => value), lower, median, upper }
  const labels = (low: number, high: number): string[] => [high, (low + high) / 2, low].map(figure)
  const rough = plot(data, columns, rows)
  const margin = Math.max(...labels(rough.low, rough.high).map(({ length }) => length)) + 1
  const { cells, low, high, origin } = plot(data, columns - margin, rows)
  const [top = '', middle = '', bottom = ''] = labels(low, high)
  const lines = cells.map((row, i) => {
    const label = i === 0 ? top : i === rows - 1 ? bottom : i === Math.floor(rows / 2) ? middle : ''
    let text = ''
    for (let from = 0; from < row.length;) {
      let to = from
      while (to < row.length && row[to]!.layer === row[from]!.layer) to++
      text += paint(
        row[from]!.layer,
        row
          .slice(from, to)
          .map((cell) => cell.text)
          .join(''),
      )
      from = to
    }
    return `${paint('dim', `${label.padStart(margin - 1)} `)}${text}`
  })
  const axis = timeAxis(past[0]?.[0], past.at(-1)?.[0], median.length, origin, columns - margin)
  return [...lines, paint('dim', `${' '.repeat(margin)}${axis}`)]
}

/** First time on the left, that of the newest observation under its place, and how far the forecast reaches on the right. */
function timeAxis(
  from: number | undefined,
  origin: number | undefined,
  horizon: number,
  at: number,
  columns: number,
): string {
  if (from === undefined || origin === undefined) return ''
  const reach = horizon === 0 ? '' : `+${horizon}`
  const now = time(origin)
  const left = time(from)
  const place = Math.max(
    0,
    Math.min(at - Math.floor(now.length / 2), columns - now.length - reach.length - 1),
  )
  const start = place > left.length ? left.padEnd(place) : ' '.repeat(place)
  return fit(`${start}${now}`.padEnd(columns - reach.length) + reach, columns)
}

function facts({ observations, forecast, state }: Watched): string {
  const last = observations.findLast(([, value]) => value !== null)
  const { lower, median, upper } = bands(forecast)
  const parts = [
    last === undefined ? 'nothing observed yet' : `last ${figure(last[1]!)} at ${time(last[0])} UTC`,
    ...(median.length === 0
      ? []
      : [`next ${figure(median[0]!)} (${figure(lower[0]!)} to ${figure(upper[0]!)})`]),
    ...(state?.mase === null || state?.mase === undefined ? [] : [`MASE ${state.mase.toFixed(2)}`]),
    ...(state?.coverage === null || state?.coverage === undefined
      ? []
      : [`coverage ${Math.round(state.coverage * 100)} %`]),
  ]
  return parts.join(' · ')
}

function statusText(status: PipelineStatus | null): string {
  if (status === null) return ''
  const { phase, recordsPerSecond, lag, training } = status
  return `${phase}, ${Math.round(recordsPerSecond)} records/s, lag ${lag}, training ${training}`
}

/** The outermost quantiles and the median. */
function bands(forecast: Forecast | null): Omit<PlotData, 'observed'> {
  const levels = Object.keys(forecast?.quantiles ?? {}).sort((a, b) => Number(a) - Number(b))
  const of = (level: string | undefined): readonly number[] =>
    level === undefined ? [] : (forecast?.quantiles[level] ?? [])
  return { lower: of(levels[0]), median: of(levels[(levels.length - 1) / 2]), upper: of(levels.at(-1)) }
}

function time(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16).replace('T', ' ')
}

function figure(value: number): string {
  return String(Number(value.toPrecision(4)))
}

/** A name may hold what a terminal obeys: control characters, and those that turn the direction of a line. */
function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Surrogate}]/gu, '�')
}

function fit(text: string, columns: number): string {
  const characters = Array.from(text)
  return characters.length <= columns ? text : `${characters.slice(0, Math.max(0, columns - 1)).join('')}…`
}
