import type { RawBatch, RawRecord } from './committed-records.js'

/** The broker's own time stamp holds for the whole batch. */
const LOG_APPEND_TIME = 1
const LONGEST_VARINT = 10

/** What records of one batch have in common, in numbers. */
let batch: RawBatch | null = null
let firstOffset = NaN
let firstTimestamp = NaN

/** The record that is being read, and how far that has come. */
let bytes: Buffer = Buffer.alloc(0)
let at = 0

/**
 * One record of a batch, whose layout `record-batch.ts` shows; of a header given several times the last counts.
 * Throws a RangeError for what is not a record.
 */
export function readRecord({ buffer }: { readonly buffer: Buffer }, of: RawBatch): RawRecord {
  if (of !== batch) {
    batch = of
    firstOffset = Number(of.firstOffset)
    firstTimestamp = Number(of.firstTimestamp)
  }
  bytes = buffer
  at = 1 // attributes, of which there are none yet
  const delta = varint()
  const appended = of.timestampType === LOG_APPEND_TIME
  const timestamp = appended ? Number(of.maxTimestamp) : firstTimestamp + delta
  const offset = firstOffset + varint()
  const key = blob()
  const value = blob()
  const headers = varint()
  const record = { offset, timestamp, key, value, isControlRecord: of.isControlBatch, batchContext: of }
  return headers > 0 ? { ...record, headers: headersOf(headers) } : record
}

function headersOf(count: number): Record<string, Buffer> {
  const entries: [string, Buffer][] = []
  for (let i = 0; i < count; i++) {
    const name = blob()?.toString() ?? ''
    entries.push([name, blob() ?? Buffer.alloc(0)])
  }
  return Object.fromEntries(entries)
}

/** A length and so many bytes; −1 is the length of null. */
function blob(): Buffer | null {
  const length = varint()
  if (length === -1) return null
  const end = at + length
  if (length < 0 || end > bytes.length) throw new RangeError('A record ends before its last value.')
  const content = bytes.subarray(at, end)
  at = end
  return content
}

/** Exact up to 2⁵³, which neither time stamps nor lengths reach. */
function varint(): number {
  let value = 0
  for (let i = 0, unit = 1; i < LONGEST_VARINT; i++, unit *= 128) {
    if (at >= bytes.length) throw new RangeError('A record ends within a number.')
    const byte = bytes[at++]!
    value += (byte & 0x7f) * unit
    if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }
  throw new RangeError('A record has a number of more than 64 bits.')
}

/** kafkajs's own, of a whole batch. */
export type BatchDecoder = (
  decoder: unknown,
) => Promise<RawBatch & { readonly records: readonly RawRecord[] }>

/**
 * Compaction empties batches and leaves the last of a producer in place. kafkajs says nothing of those, and who reads on
 * must know where they end: a control record without a meaning stands for them.
 */
export function batchReader(original: BatchDecoder): BatchDecoder {
  return async (decoder) => {
    const batch = await original(decoder)
    if (batch.records.length > 0) return batch
    const { firstOffset: offset, firstTimestamp: timestamp } = batch
    const nothing = { offset, timestamp, key: null, value: null, isControlRecord: true, batchContext: batch }
    return { ...batch, records: [nothing] }
  }
}
