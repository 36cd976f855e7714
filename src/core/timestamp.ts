const ISO =
  /^[+-]?\d{4,6}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(Z|[+-]\d{2}(?::?\d{2})?)?)?$/i
const DAY = 86_400_000

/**
 * Milliseconds since the epoch of an ISO 8601 time stamp; NaN for anything else. Without a zone it is UTC.
 * `2014-01-01T10:00:00Z` and the like, which nearly every record has, take a path without regular expressions.
 */
export function parseTimestamp(text: string): number {
  if (text.length === 20 && text.charCodeAt(19) === 90 && text.charCodeAt(10) === 84) {
    const year = digits(text, 0, 4)
    const month = digits(text, 5, 2)
    const day = digits(text, 8, 2)
    const hour = digits(text, 11, 2)
    const minute = digits(text, 14, 2)
    const second = digits(text, 17, 2)
    const plain =
      text.charCodeAt(4) === 45 &&
      text.charCodeAt(7) === 45 &&
      text.charCodeAt(13) === 58 &&
      text.charCodeAt(16) === 58 &&
      month >= 1 &&
      month <= 12 &&
      day >= 1 &&
      day <= 28 && // every month has them; the rest is left to the general path
      hour <= 23 &&
      minute <= 59 &&
      second <= 59
    if (plain && year === year && hour === hour && minute === minute && second === second) {
      return daysSinceEpoch(year, month, day) * DAY + ((hour * 60 + minute) * 60 + second) * 1000
    }
  }
  const match = ISO.exec(text)
  if (match === null) return NaN
  let iso = text.replace(' ', 'T').replace(',', '.')
  if (match[1] === undefined && iso.length > 10) iso += 'Z'
  else if (match[1] !== undefined && /^[+-]\d{2}$/.test(match[1])) iso += ':00'
  return Date.parse(iso)
}

function digits(text: string, at: number, count: number): number {
  let n = 0
  for (let i = at; i < at + count; i++) {
    const d = text.charCodeAt(i) - 48
    if (d < 0 || d > 9) return NaN
    n = n * 10 + d
  }
  return n
}

/** Proleptic Gregorian calendar: years start in March, so that the leap day is the last of its year. */
function daysSinceEpoch(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const ofEra = y - era * 400
  const ofYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  const dayOfEra = ofEra * 365 + Math.floor(ofEra / 4) - Math.floor(ofEra / 100) + ofYear
  return era * 146_097 + dayOfEra - 719_468
}
