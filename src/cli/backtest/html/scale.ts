import { day, month } from './numbers.js'

/** From values to places on a chart. */
export interface Scale {
  at(value: number): number
  readonly ticks: readonly number[]
  /** Of neighbouring ticks; `null`: they are powers of ten. */
  readonly apart: number | null
}

export interface Tick {
  readonly value: number
  readonly label: string
}

const HOUR = 3_600_000
const DAY = 24 * HOUR
const TIME_STEPS = [
  ...[1, 5, 15].map((minutes) => minutes * 60_000),
  ...[1, 3, 6, 12].map((hours) => hours * HOUR),
  ...[1, 2, 7, 14].map((days) => days * DAY),
]
const MONTH_STEPS = [1, 2, 3, 6, 12, 24, 60, 120]
const STEP_STEPS = [1, 2, 3, 4, 6, 12, 24, 48, 72, 168, 336]
const MOST_TICKS = 8
/** A range that spans more than this factor is drawn on a logarithmic scale where it may be. */
const LOGARITHMIC = 30

/** Round values over [low, high], about `count` of them: 1, 2 or 5 times a power of ten apart. */
function roundTicks(low: number, high: number, count: number): Pick<Scale, 'ticks' | 'apart'> {
  const rough = (high - low) / count
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].map((digit) => digit * power).find((one) => one >= rough)!
  const first = Math.ceil(low / step - 1e-9)
  const last = Math.floor(high / step + 1e-9)
  return { ticks: Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step), apart: step }
}

/**
 * How values are laid out. `logarithmic`: in powers of ten, where they are above 0 and span orders of magnitude; `from-zero`: from 0
 * where they begin near it.
 */
export type Spread = 'tight' | 'from-zero' | 'logarithmic'

/**
 * A scale on which all values have room.
 * @param from place of the lowest value
 * @param to place of the highest
 * @param least what the scale covers at least, so that what hardly differs does not look as if it did
 */
export function scaleOver(
  values: readonly number[],
  from: number,
  to: number,
  spread: Spread,
  least = 0,
): Scale {
  const low = values.reduce((least, value) => Math.min(least, value), Infinity)
  const high = values.reduce((most, value) => Math.max(most, value), -Infinity)
  if (spread === 'logarithmic' && low > 0 && high > LOGARITHMIC * low) {
    const [a, b] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))]
    const ticks = Array.from({ length: b - a + 1 }, (_, i) => 10 ** (a + i))
    return { at: (value) => from + ((Math.log10(value) - a) / (b - a)) * (to - from), ticks, apart: null }
  }
  const span = high - low || Math.abs(high) || 1
  const margin = Math.max(0.06 * span, (least - span) / 2)
  const begin = spread !== 'tight' && low >= 0 && low < 0.4 * high ? 0 : low - margin
  const end = high + margin
  return {
    at: (value) => from + ((value - begin) / (end - begin)) * (to - from),
    ...roundTicks(begin, end, 6),
  }
}

/**
 * Ticks at positions 0, 1, … where a new hour, day, week, month … begins: the finest of which there are not too many.
 * @param most ticks that there is room for
 */
export function timeTicks(times: readonly string[], most = MOST_TICKS): Tick[] {
  const ms = times.map((iso) => Date.parse(iso))
  const months = times.map((iso) => 12 * Number(iso.slice(0, 4)) + Number(iso.slice(5, 7)) - 1)
  const years = (ms.at(-1)! - ms[0]!) / DAY > 300
  // A label with its year is longer.
  const room = years ? Math.floor(0.7 * most) : most
  for (const step of TIME_STEPS) {
    const at = begins(ms, step)
    if (at.length > room) continue
    return at.map((value) => {
      const iso = times[value]!
      const clock = iso.slice(11, 16)
      return { value, label: step < DAY && clock !== '00:00' ? clock : day(iso, years) }
    })
  }
  const at = MONTH_STEPS.map((step) => begins(months, step)).find(({ length }) => length <= room) ?? []
  return at.map((value) => ({ value, label: month(times[value]!, years) }))
}

/** Positions at which another multiple of the step has been passed. */
function begins(values: readonly number[], step: number): number[] {
  return values.flatMap((value, i) =>
    i > 0 && Math.floor(value / step) > Math.floor(values[i - 1]! / step) ? [i] : [],
  )
}

/** Ticks at how many updates there have been, the first among them. */
export function countTicks(most: number): Tick[] {
  const whole = roundTicks(0, most, MOST_TICKS - 2).ticks.filter((tick) => tick > 1 && Number.isInteger(tick))
  return [1, ...whole].map((value) => ({ value, label: value.toLocaleString('en') }))
}

/** Ticks at steps ahead, the first among them. */
export function stepTicks(horizon: number): Tick[] {
  const apart = STEP_STEPS.find((step) => horizon / step <= MOST_TICKS) ?? Math.ceil(horizon / MOST_TICKS)
  const all = Array.from({ length: Math.floor(horizon / apart) }, (_, i) => (i + 1) * apart)
  return [...new Set([1, ...all])].map((value) => ({ value, label: String(value) }))
}
