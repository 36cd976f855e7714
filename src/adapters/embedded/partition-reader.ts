import type { LogRecord } from '../../ports/broker.js'
import type { PartitionRef } from './keys.js'
import type { LogStore } from './log-store.js'
import { BatchCursor } from './record-batch.js'

/** One call returns about this much at most, so that a few thousand large records do not fill the memory. */
const MAX_CHUNK_BYTES = 8 * 1024 * 1024

export interface TimeRange {
  readonly from: number
  readonly to: number
}

/** Reads a partition in offset order. Keeps the batch it is in, so that reading on does not fetch it again. */
export class PartitionReader {
  #cursor: BatchCursor | null = null

  constructor(
    private readonly store: LogStore,
    private readonly partition: PartitionRef,
    /** Offset of the next record to be looked at. */
    private position: number,
  ) {}

  /**
   * At most `maxRecords` records before offset `end`. Fewer when the chunk has become large, none only at the end.
   * Batches wholly outside `time` are skipped unread.
   */
  read(maxRecords: number, end: number, time?: TimeRange): LogRecord[] {
    const records: LogRecord[] = []
    let bytes = 0
    while (records.length < maxRecords && bytes < MAX_CHUNK_BYTES && this.position < end) {
      const cursor = this.#cursor?.done === false ? this.#cursor : this.#nextBatch(end, time)
      if (cursor === null) break
      while (records.length < maxRecords && bytes < MAX_CHUNK_BYTES && !cursor.done && cursor.offset < end) {
        const record = cursor.next()
        if (time !== undefined && (record.timestamp < time.from || record.timestamp >= time.to)) continue
        records.push(record)
        bytes += (record.key?.length ?? 0) + (record.value?.length ?? 0)
      }
      this.position = cursor.offset
    }
    return records
  }

  /** Goes on from another offset, because a batch is to be delivered again or its records were deleted. */
  rewind(position: number): void {
    this.position = position
    this.#cursor = null
  }

  #nextBatch(end: number, time: TimeRange | undefined): BatchCursor | null {
    for (;;) {
      const entry = this.store.locate(this.partition, this.position)
      if (entry === null || entry.baseOffset >= end) {
        this.position = end
        return null
      }
      const after = entry.baseOffset + entry.count
      if (time === undefined || (entry.maxTimestamp >= time.from && entry.minTimestamp < time.to)) {
        const bytes = this.store.payload(this.partition, entry)
        if (bytes !== null) {
          this.#cursor = new BatchCursor(bytes, entry.baseOffset, after)
          this.#cursor.skipTo(this.position)
          return this.#cursor
        }
      }
      this.position = after
    }
  }
}
