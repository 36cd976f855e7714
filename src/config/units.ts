/** Durations and sizes as people write them: "90s", "1h30m", "PT15M", "64MiB". Parsers return undefined for anything else. */

const MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const

const UNITS = /(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)\s*/y
const ISO = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/

/** Milliseconds. A bare number is refused, since nobody can see its unit. */
export function parseDuration(text: string): number | undefined {
  const trimmed = text.trim()
  return wholeNumber(trimmed.startsWith('P') ? isoDuration(trimmed) : unitDuration(trimmed))
}

function unitDuration(text: string): number | undefined {
  if (text === '') return undefined
  let total = 0
  UNITS.lastIndex = 0
  while (UNITS.lastIndex < text.length) {
    const match = UNITS.exec(text)
    if (match === null) return undefined
    total += Number(match[1]) * MS[match[2] as keyof typeof MS]
  }
  return total
}

/** Weeks, days and the time part only: years and months have no fixed length. */
function isoDuration(text: string): number | undefined {
  const match = ISO.exec(text)
  if (match === null || /[PT]$/.test(text)) return undefined
  const part = (index: number): number => Number(match[index] ?? 0)
  return part(1) * MS.w + part(2) * MS.d + part(3) * MS.h + part(4) * MS.m + part(5) * MS.s
}

/** The shortest form that `parseDuration` reads back: 5400000 → "1h30m". */
export function printDuration(ms: number): string {
  let rest = ms
  let text = ''
  for (const unit of ['d', 'h', 'm', 's', 'ms'] as const) {
    const count = Math.floor(rest / MS[unit])
    if (count > 0) text += `${count}${unit}`
    rest -= count * MS[unit]
  }
  return text === '' ? '0s' : text
}

const BYTES: Readonly<Record<string, number>> = {
  TiB: 1024 ** 4,
  GiB: 1024 ** 3,
  MiB: 1024 ** 2,
  KiB: 1024,
  TB: 1e12,
  GB: 1e9,
  MB: 1e6,
  kB: 1e3,
  B: 1,
}

/** Bytes. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([A-Za-z]+)$/.exec(text.trim())
  const unit = match?.[2] ?? ''
  if (match === null || !Object.hasOwn(BYTES, unit)) return undefined
  return wholeNumber(Number(match[1]) * (BYTES[unit] ?? 1))
}

/** The shortest exact form: 8388608 → "8MiB". */
export function printSize(bytes: number): string {
  const unit = ['TiB', 'GiB', 'MiB', 'KiB'].find((name) => bytes > 0 && bytes % (BYTES[name] ?? 1) === 0)
  return unit === undefined ? `${bytes}B` : `${bytes / (BYTES[unit] ?? 1)}${unit}`
}

/** Fractions of a unit are fine ("1.5h"), fractions of a millisecond or byte are not; floating point is forgiven. */
function wholeNumber(value: number | undefined): number | undefined {
  if (value === undefined) return undefined
  const rounded = Math.round(value)
  return Number.isSafeInteger(rounded) && Math.abs(rounded - value) < 1e-6 ? rounded : undefined
}
