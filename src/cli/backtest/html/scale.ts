import { day } from './numbers.js'

/** From values to places on a chart. */
export interface Scale {
  at(value: number): number
  readonly ticks: readonly number[]
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
  ...[1, 2, 7, 14, 28, 91, 182, 364, 1820].map((days) => days * DAY),
]
const STEP_STEPS = [1, 2, 3, 4, 6, 12, 24, 48, 72, 168, 336]
const MOST_TICKS = 8
/** A range that spans more than this factor is drawn on a logarithmic scale where it may be. */
const LOGARITHMIC = 30

/** Round values over [low, high], about `count` of them: 1, 2 or 5 times a power of ten apart. */
export function roundTicks(low: number, high: number, count: number): number[] {
  const rough = (high - low) / count
  if (!(rough > 0)) return [low]
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].map((digit) => digit * power).find((one) => one >= rough)!
  const first = Math.ceil(low / step - 1e-9)
  const last = Math.floor(high / step + 1e-9)
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step)
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
 */
export function scaleOver(values: readonly number[], from: number, to: number, spread: Spread): Scale {
  const low = values.reduce((least, value) => Math.min(least, value), Infinity)
  const high = values.reduce((most, value) => Math.max(most, value), -Infinity)
  if (spread === 'logarithmic' && low > 0 && high > LOGARITHMIC * low) {
    const [a, b] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))]
    const ticks = Array.from({ length: b - a + 1 }, (_, i) => 10 ** (a + i))
    return { at: (value) => from + ((Math.log10(value) - a) / (b - a)) * (to - from), ticks }
  }
  const margin = (high - low || Math.abs(high) || 1) * 0.06
  const begin = spread !== 'tight' && low >= 0 && low < 0.4 * high ? 0 : low - margin
  const end = high + margin
  return {
    at: (value) => from + ((value - begin) / (end - begin)) * (to - from),
    ticks: roundTicks(begin, end, 6),
  }
}

/** Ticks at positions 0, 1, … where a new hour, day, week … begins: the finest of which there are not too many. */
export function timeTicks(times: readonly string[]): Tick[] {
  const ms = times.map((iso) => Date.parse(iso))
  const years = (ms.at(-1)! - ms[0]!) / DAY > 300
  for (const step of TIME_STEPS) {
    const at = ms.flatMap((ts, i) =>
      i > 0 && Math.floor(ts / step) > Math.floor(ms[i - 1]! / step) ? [i] : [],
    )
    if (at.length > MOST_TICKS) continue
    return at.map((value) => {
      const iso = times[value]!
      const clock = iso.slice(11, 16)
      return { value, label: step < DAY && clock !== '00:00' ? clock : day(iso, years) }
    })
  }
  return []
}

/** Ticks at steps ahead, the first among them. */
export function stepTicks(horizon: number): Tick[] {
  const apart = STEP_STEPS.find((step) => horizon / step <= MOST_TICKS) ?? Math.ceil(horizon / MOST_TICKS)
  const all = Array.from({ length: Math.floor(horizon / apart) }, (_, i) => (i + 1) * apart)
  return [...new Set([1, ...all])].map((value) => ({ value, label: String(value) }))
}
