import type { Season } from './setting.js'

const LONGEST_SEASON = 50_000
const DAYS_PER_WEEK = 7

/** 24, [24] → {24, 168}; [24, 168]; {short, long}; 1, [1] and "none" → {1, 1}. */
export function parseSeason(raw: unknown): Season | undefined {
  const given = lengths(raw)
  const [short] = given
  if (!isLength(short) || given.length > 2) return undefined
  const long = given.length === 2 ? given[1] : short === 1 ? 1 : DAYS_PER_WEEK * short
  if (!isLength(long)) return undefined
  // Without a short season there is no long one; otherwise the long one is a whole number of short ones.
  const fits = short === 1 ? long === 1 : long % short === 0
  return fits ? { short, long } : undefined
}

function lengths(raw: unknown): readonly unknown[] {
  if (raw === 'none') return [1]
  if (typeof raw === 'number') return [raw]
  if (Array.isArray(raw)) return raw as unknown[]
  if (
    typeof raw === 'object' &&
    raw !== null &&
    'short' in raw &&
    'long' in raw &&
    Object.keys(raw).length === 2
  ) {
    return [raw.short, raw.long]
  }
  return []
}

function isLength(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 1 && Number(value) <= LONGEST_SEASON
}

export function printSeason(season: unknown): unknown {
  const { short, long } = season as Season
  return short === 1 ? 'none' : [short, long]
}

export function parseQuantiles(raw: unknown): readonly number[] | undefined {
  if (!Array.isArray(raw) || raw.length < 3 || raw.length > 21) return undefined
  const levels: readonly unknown[] = raw
  if (!levels.every((level): level is number => typeof level === 'number' && level > 0 && level < 1))
    return undefined
  const ascending = levels.every((level, i) => i === 0 || level > (levels[i - 1] ?? 1))
  const symmetric = levels.every(
    (level, i) => Math.abs(level + (levels[levels.length - 1 - i] ?? 0) - 1) < 1e-9,
  )
  return ascending && symmetric && levels.includes(0.5) ? levels : undefined
}
