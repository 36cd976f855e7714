import type { LogRecord, RecordHeaders } from '../../ports/broker.js'

/** What kafkajs says of the batch that a record came in. */
export interface RawBatch {
  readonly firstOffset: string
  readonly lastOffsetDelta: number
  readonly firstTimestamp: string
  readonly maxTimestamp: string
  readonly timestampType: number
  readonly producerId: string
  readonly inTransaction: boolean
  readonly isControlBatch: boolean
}

/** A record as it is fetched: control records, what stands for emptied batches, and records of aborted transactions are still among them. */
export interface RawRecord {
  /** Text where kafkajs itself has read it, as in formats from before there were batches. */
  readonly offset: number | string
  readonly timestamp: number | string
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers?: Readonly<Record<string, Buffer | string | (Buffer | string)[] | undefined>>
  readonly isControlRecord?: boolean
  readonly batchContext?: RawBatch
}

export interface RawPartition {
  readonly highWatermark: string
  readonly abortedTransactions:
    readonly { readonly producerId: string; readonly firstOffset: string }[] | null
  readonly messages: readonly RawRecord[]
}

/** Type of a control record, in the second half of its key: 0 ends an aborted transaction, 1 a committed one. */
const ABORT = 0

/** What a read_committed consumer sees of a fetched stretch, from offset `from` on. */
export function committedRecords({ messages, abortedTransactions }: RawPartition, from: number): LogRecord[] {
  const records: LogRecord[] = []
  const starts = [...(abortedTransactions ?? [])].sort(
    (a, b) => Number(a.firstOffset) - Number(b.firstOffset),
  )
  const aborting = new Set<string>()
  let next = 0
  for (const message of messages) {
    const offset = Number(message.offset)
    for (; next < starts.length && Number(starts[next]!.firstOffset) <= offset; next++) {
      aborting.add(starts[next]!.producerId)
    }
    const { isControlRecord, batchContext } = message
    if (isControlRecord === true) {
      const type = (message.key?.length ?? 0) >= 4 ? message.key!.readInt16BE(2) : -1
      if (type === ABORT) aborting.delete(batchContext!.producerId)
      continue
    }
    if (offset < from) continue // a batch is sent whole, also when it is asked for from its middle
    if (batchContext?.inTransaction === true && aborting.has(batchContext.producerId)) continue
    records.push(toRecord(offset, message))
  }
  return records
}

/** The offset after everything in the stretch, also after what compaction or a marker left no record of. */
export function offsetAfter({ messages }: RawPartition, from: number): number {
  const last = messages.at(-1)
  if (last === undefined) return from
  const { batchContext } = last
  const end =
    batchContext === undefined
      ? Number(last.offset)
      : Number(batchContext.firstOffset) + batchContext.lastOffsetDelta
  return Math.max(from, end + 1)
}

function toRecord(offset: number, { timestamp, key, value, headers }: RawRecord): LogRecord {
  const record = { offset, timestamp: Number(timestamp), key, value }
  for (const name in headers) if (name !== '') return { ...record, headers: toHeaders(headers) }
  return record
}

/** Of a header given several times the last counts, as the port has one value per name. */
function toHeaders(headers: NonNullable<RawRecord['headers']>): RecordHeaders {
  return Object.fromEntries(
    Object.entries(headers).map(([name, given]) => {
      const value = (Array.isArray(given) ? given.at(-1) : given) ?? ''
      return [name, typeof value === 'string' ? Buffer.from(value) : value]
    }),
  )
}
