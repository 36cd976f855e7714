/** How fast rows are sent. */
export type Rate =
  | { readonly kind: 'max' }
  | { readonly kind: 'records'; readonly perSecond: number }
  /** With the gaps between the rows' time stamps, divided by `factor`. */
  | { readonly kind: 'realtime'; readonly factor: number }

/** `null` for what is not a rate. */
export function parseRate(text: string): Rate | null {
  if (text === 'max') return { kind: 'max' }
  const realtime = /^realtime(?:[x×*]?(.+))?$/.exec(text)
  const number = Number(realtime === null ? text : (realtime[1] ?? '1'))
  if (!(number > 0 && Number.isFinite(number))) return null
  return realtime === null ? { kind: 'records', perSecond: number } : { kind: 'realtime', factor: number }
}
