import { printInterval } from '../../format/times.js'

/** What a file's beginning says about its grid. */
export interface Guess {
  readonly series: number
  /** First and last time stamp of what was looked at, ms. */
  readonly from: number
  readonly to: number
  /** As a configuration says it, such as `15m`, or `observations`. */
  readonly interval: string
  /** Steps; `[1]`: none was seen. */
  readonly season: readonly number[]
}

interface Row {
  readonly ts: number
  readonly value: number
}

const DAY = 86_400_000
/** A season must have come so often to be seen. */
const SEASONS_SEEN = 3
/** Steps as far apart as a season differ so much less than those between. */
const CLEARLY = 0.9
/** In this share of the series. */
const IN_SERIES = 0.2
/** Series that are looked at. */
const MOST_SERIES = 50

/**
 * Guesses interval and seasons from the beginning of a CSV with the header series,ts,value.
 * @returns null where it is no such file: the daemon says precisely what is wrong with it
 */
export function guessGrid(text: string): Guess | null {
  const all = seriesIn(text)
  const rows = [...all.values()].filter((own) => own.length > 2)
  const longest = rows.reduce<readonly Row[]>((most, own) => (own.length > most.length ? own : most), [])
  if (longest.length === 0) return null
  const step = median(distances(longest))
  if (!(step > 0)) return null
  const range = { from: Infinity, to: -Infinity }
  for (const { ts } of rows.flat()) {
    range.from = Math.min(range.from, ts)
    range.to = Math.max(range.to, ts)
  }
  const found = { series: all.size, ...range }
  if (isOffGrid(longest, step)) return { ...found, interval: 'observations', season: [1] }
  return { ...found, interval: printInterval(step), season: seasonsOf(rows, step) }
}

function seriesIn(text: string): ReadonlyMap<string, Row[]> {
  const [head = '', ...lines] = text.split(/\r?\n/)
  const names = head.split(',').map((name) => name.trim().replaceAll('"', ''))
  const [series, ts, value] = ['series', 'ts', 'value'].map((name) => names.indexOf(name))
  const all = new Map<string, Row[]>()
  if (series! < 0 || ts! < 0 || value! < 0) return all
  for (const line of lines) {
    const cells = line.split(',')
    const at = timeOf(cells[ts!] ?? '')
    if (Number.isNaN(at)) continue
    const observed = cells[value!]?.trim() ?? ''
    const name = cells[series!] ?? ''
    const own = all.get(name) ?? []
    all.set(name, own)
    own.push({ ts: at, value: observed === '' ? NaN : Number(observed) })
  }
  return all
}

function timeOf(text: string): number {
  const plain = text.trim().replaceAll('"', '')
  return /^-?\d+$/.test(plain) ? Number(plain) : Date.parse(plain)
}

function distances(rows: readonly Row[]): number[] {
  return rows.slice(1).map(({ ts }, i) => ts - rows[i]!.ts)
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? NaN
}

/** Days without week-ends, and whatever else keeps to no clock: the next observation is the next step. */
function isOffGrid(rows: readonly Row[], step: number): boolean {
  const on = distances(rows).filter((distance) => distance > 0 && distance % step === 0)
  if (on.length < 0.9 * (rows.length - 1)) return true
  const weekday = (ts: number): number => new Date(ts).getUTCDay()
  return step === DAY && rows.length > 10 && rows.every(({ ts }) => weekday(ts) !== 0 && weekday(ts) !== 6)
}

/** Days and weeks in which the values of enough series repeat themselves. */
function seasonsOf(all: readonly (readonly Row[])[], step: number): readonly number[] {
  const looked = all.slice(0, MOST_SERIES).map((rows) => onGrid(rows, step))
  const [day, week] = [DAY / step, (7 * DAY) / step]
  const seasons: number[] = []
  if (repeats(looked, day, [day / 2])) seasons.push(day)
  if (repeats(looked, week, [(2 * week) / 7, (3 * week) / 7, (4 * week) / 7])) seasons.push(week)
  return seasons.length > 0 ? seasons : [1]
}

function onGrid(rows: readonly Row[], step: number): readonly number[] {
  const values: number[] = []
  for (const { ts, value } of rows) values[Math.round((ts - rows[0]!.ts) / step)] = value
  return values
}

/** Whether values a season apart differ clearly less than those so many other steps apart. */
function repeats(series: readonly (readonly number[])[], season: number, others: readonly number[]): boolean {
  if (!Number.isInteger(season) || season < 2) return false
  const clear = series.filter((values) => {
    if (values.length < SEASONS_SEEN * season) return false
    const apart = others.map((lag) => meanDistance(values, Math.max(1, Math.round(lag))))
    const usual = apart.reduce((sum, one) => sum + one, 0) / apart.length
    return meanDistance(values, season) < CLEARLY * usual
  })
  return clear.length >= series.length * IN_SERIES && clear.length > 0
}

function meanDistance(values: readonly number[], lag: number): number {
  let sum = 0
  let count = 0
  for (let i = lag; i < values.length; i++) {
    const distance = Math.abs((values[i] ?? NaN) - (values[i - lag] ?? NaN))
    if (Number.isNaN(distance)) continue
    sum += distance
    count++
  }
  return count === 0 ? NaN : sum / count
}
