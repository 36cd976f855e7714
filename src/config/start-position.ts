import { parseTimestamp } from '../core/timestamp.js'
import type { StartPosition } from './types.js'
import { parseDuration, printDuration } from './units.js'

export const START_FORMS =
  '"earliest", "latest", an ISO 8601 time stamp ("2026-01-01T00:00Z") or a duration back from now ("7d")'

/** Undefined for anything that is none of the `START_FORMS`. */
export function parseStart(raw: unknown): StartPosition | undefined {
  if (raw === 'earliest' || raw === 'latest') return raw
  if (typeof raw !== 'string') return undefined
  const at = parseTimestamp(raw)
  if (!Number.isNaN(at)) return Math.max(0, at)
  const back = parseDuration(raw)
  return back === 0 ? 'latest' : back && -back
}

export function printStart(start: unknown): string {
  if (typeof start !== 'number') return String(start)
  return start < 0 ? printDuration(-start) : new Date(start).toISOString()
}
