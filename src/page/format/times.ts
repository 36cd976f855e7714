import type { Zone } from '../base/preferences.js'
import { NOTHING } from './numbers.js'

const formats = new Map<string, Intl.DateTimeFormat>()

/** Date and time of day to the minute, seconds where there are some. */
export function formatTime(ms: number | null | undefined, zone: Zone): string {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return NOTHING
  const seconds = ms % 60_000 !== 0
  const key = `${zone}${seconds}`
  let format = formats.get(key)
  if (format === undefined) {
    format = new Intl.DateTimeFormat('sv-SE', {
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      ...(seconds ? { second: '2-digit' } : {}),
      ...(zone === 'utc' ? { timeZone: 'UTC' } : {}),
    })
    formats.set(key, format)
  }
  return format.format(ms)
}

/** The viewer's zone by name. */
export function zoneName(zone: Zone): string {
  return zone === 'utc' ? 'UTC' : Intl.DateTimeFormat().resolvedOptions().timeZone
}

/** How long ago, or how long something takes: "12 s", "3 min", "2 h", "5 d". */
export function formatSpan(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`
  if (seconds < 48 * 3600) return `${Math.round(seconds / 360) / 10} h`
  return `${Math.round(seconds / 86_400)} d`
}

const ISO = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/

/** Milliseconds of a grid step; null on the grid of observations, which has no length. */
export function intervalMs(interval: string): number | null {
  const match = ISO.exec(interval)
  if (match === null) return null
  const part = (index: number): number => Number(match[index] ?? 0)
  const seconds = (((part(1) * 7 + part(2)) * 24 + part(3)) * 60 + part(4)) * 60 + part(5)
  return seconds > 0 ? seconds * 1000 : null
}

/** So many grid steps as a length of time: "24 h", or "5 observations". */
export function formatSteps(steps: number, interval: string): string {
  const ms = intervalMs(interval)
  return ms === null ? `${steps} observation${steps === 1 ? '' : 's'}` : formatSpan(steps * ms)
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const

/** As a configuration says it: "15m", "1d". @param ms a whole number above 0 */
export function printInterval(ms: number): string {
  const [unit, length] = UNITS.find(([, own]) => ms % own === 0)!
  return `${ms / length}${unit}`
}

/** The same of an ISO 8601 duration, or `observations`. */
export function printIntervalOf(interval: string): string {
  const ms = intervalMs(interval)
  return ms === null ? 'observations' : printInterval(ms)
}
