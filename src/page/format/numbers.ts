const WHOLE = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const COMPACT = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 })
const SIGNIFICANT = new Intl.NumberFormat('en', { maximumSignificantDigits: 4 })
const RATIO = new Intl.NumberFormat('en', { minimumFractionDigits: 3, maximumFractionDigits: 3 })
const SCIENTIFIC = new Intl.NumberFormat('en', { notation: 'scientific', maximumSignificantDigits: 4 })

/** For what is not known, or does not exist. */
export const NOTHING = '–'

/** A measured value: four digits, all of those before the point. */
export function formatValue(value: number | null | undefined): string {
  if (value === null || value === undefined) return NOTHING
  const size = Math.abs(value)
  if (size >= 1e9 || (size > 0 && size < 1e-4)) return SCIENTIFIC.format(value)
  return (size >= 1000 ? WHOLE : SIGNIFICANT).format(value)
}

/** How many: whole, and of very many three digits. */
export function formatCount(count: number): string {
  return (count < 100_000 ? WHOLE : COMPACT).format(count)
}

/** A score such as MASE, to a thousandth. */
export function formatScore(score: number | null | undefined): string {
  return score === null || score === undefined ? NOTHING : RATIO.format(score)
}

/** @param share 0–1 */
export function formatPercent(share: number | null | undefined): string {
  return share === null || share === undefined ? NOTHING : `${Math.round(share * 100)} %`
}

/** Records per second. */
export function formatRate(rate: number): string {
  return rate >= 10 ? formatCount(Math.round(rate)) : SIGNIFICANT.format(Math.round(rate * 100) / 100)
}

export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB'] as const
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3))
  return `${new Intl.NumberFormat('en', { maximumSignificantDigits: 3 }).format(bytes / 1000 ** power)} ${units[power]!}`
}
