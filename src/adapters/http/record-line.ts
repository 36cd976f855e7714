import type { IngestRecord } from '../../ports/control.js'

export type LineOutcome =
  | { readonly kind: 'record'; readonly record: IngestRecord }
  | { readonly kind: 'rejected'; readonly reason: string }

/**
 * One line's object as a record. Two forms: an observation `{"series","ts","value",…}`, or, for topics with other field
 * names, a record as it will stand in the log, `{"key","value","timestamp"?}`. Only the form is looked at here: what a
 * value means is the pipeline's to say.
 */
export function toRecord(line: unknown): LineOutcome {
  if (typeof line !== 'object' || line === null || Array.isArray(line)) {
    return rejected('not an object: send one JSON object per line')
  }
  const fields = line as Readonly<Record<string, unknown>>
  if ('key' in fields) return fromRecordForm(fields)
  if ('series' in fields) return fromObservationForm(fields)
  return rejected('neither "series" (an observation) nor "key" (a record)')
}

function fromObservationForm({ series, ...value }: Readonly<Record<string, unknown>>): LineOutcome {
  for (const field of ['ts', 'value']) {
    if (!(field in value)) {
      return rejected(`no "${field}"; for a topic with other field names send {"key":"…","value":{…}}`)
    }
  }
  return record('series', series, value)
}

function fromRecordForm({ key, value, timestamp, ...rest }: Readonly<Record<string, unknown>>): LineOutcome {
  const [unknown] = Object.keys(rest)
  if (unknown !== undefined)
    return rejected(`"${unknown}" beside "key": a record has "key", "value" and "timestamp"`)
  if (value === undefined) return rejected('no "value"')
  if (timestamp === undefined) return record('key', key, value)
  if (!Number.isSafeInteger(timestamp) || Number(timestamp) < 0) {
    return rejected('"timestamp" is not a whole number of milliseconds since the epoch')
  }
  return record('key', key, value, Number(timestamp))
}

function record(name: string, key: unknown, value: unknown, timestamp?: number): LineOutcome {
  if (typeof key !== 'string' || key === '') return rejected(`"${name}" is not a text, or empty`)
  // Half of a surrogate pair has no UTF-8 form: different ids would become the same bytes in the log.
  if (/\p{Surrogate}/u.test(key)) return rejected(`"${name}" is not valid Unicode`)
  const text = serialise(value)
  if (text === null) return rejected('a number too large, or nested too deeply')
  return { kind: 'record', record: { key, value: text, ...(timestamp === undefined ? {} : { timestamp }) } }
}

/** JSON.stringify would write 1e999, which is read as Infinity, as null: a missing value in place of a wrong one. */
function serialise(value: unknown): string | null {
  try {
    return JSON.stringify(value, (_, inner: unknown) => {
      if (typeof inner === 'number' && !Number.isFinite(inner)) throw new RangeError('not finite')
      return inner
    })
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
}

function rejected(reason: string): LineOutcome {
  return { kind: 'rejected', reason }
}
