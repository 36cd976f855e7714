/**
 * The broker port: what the pipelines need of a log of records, and nothing of how it is kept.
 * Implemented by the embedded log and on Kafka, which pass the same contract suite.
 */

/** Header values are raw bytes, as in Kafka. */
export type RecordHeaders = Readonly<Record<string, Uint8Array>>

/** A record as read. `offset` is unique and increasing within its partition, not necessarily dense. */
export interface LogRecord {
  readonly offset: number
  /** Milliseconds since the epoch, as given by whoever appended the record. */
  readonly timestamp: number
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers?: RecordHeaders
}

/** A record to be appended. Without `partition` it goes to `partitionOf(key)`; without `timestamp` it gets the present. */
export interface OutboundRecord {
  readonly topic: string
  readonly partition?: number
  readonly timestamp?: number
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers?: RecordHeaders
}

export interface TopicSpec {
  readonly name: string
  readonly partitions: number
  /** Records older than this (by their time of arrival, ms) may be deleted. Absent: kept. */
  readonly retentionMs?: number
  /** Oldest records may be deleted while the topic holds more than this many bytes. Absent: kept. */
  readonly retentionBytes?: number
}

export interface PartitionInfo {
  /** Offset of the oldest record still there. */
  readonly earliest: number
  /** Offset the next appended record will get. */
  readonly end: number
}

/** One series' state as stored. Opaque to the broker but for the fields named here. */
export interface StateRow {
  readonly series: string
  /** The state holds the effect of every record of this series up to and including this offset. */
  readonly offset: number
  /** Network version the hidden state was made under, `''` when none was in use. */
  readonly model: string
  readonly bytes: Uint8Array
}

/** What changed since the last snapshot. Rows and `meta` belong to the settlement they travel with, or to an earlier one. */
export interface Snapshot {
  /** The partition's own state (watermark, pooled statistics), opaque. Replaces the previous one. */
  readonly meta: Uint8Array
  readonly rows: readonly StateRow[]
  /** Series whose stored rows are removed; none of them has a row in `rows`. */
  readonly deleted?: readonly string[]
}

/** The outcome of a batch. Everything in it becomes visible and durable together, or not at all. */
export interface Settlement {
  readonly outputs: readonly OutboundRecord[]
  readonly snapshot?: Snapshot
}

/**
 * Records of one partition in offset order, with their own acknowledgement.
 * At most one batch per partition is unsettled at any time.
 */
export interface Batch {
  readonly records: readonly LogRecord[]
  /** End of the partition when the batch was read: once settled, lag = highWatermark − the lease's `committed`. */
  readonly highWatermark: number
  /**
   * Appends the outputs, commits the offset after the batch's last record and writes the snapshot: one transaction.
   * Resolves when all of it is durable. Rejects with `BrokerError`: the caller must take its states back to the last
   * settled batch. Unless `revoked` has fired, nothing of it took effect, and the batch will be delivered again; where it
   * has, the next lease of the partition tells by `committed` what took effect.
   */
  settle(settlement: Settlement): Promise<void>
  /** Gives the batch up unsettled: the next call of `next` delivers it again. Without effect once it is settled. */
  abandon(): void
}

/** Ownership of one partition by this process. */
export interface PartitionLease {
  readonly topic: string
  readonly partition: number
  /** Tells the topic from others that had, or will have, its name; `null` where the broker does not know. */
  readonly topicId: string | null
  /** Next offset to consume: everything before it has been settled by this group. */
  readonly committed: number
  /**
   * The group has settled nothing of the partition yet, and may begin anywhere; `committed` is its beginning. Not of a
   * partition that its topic got since the group began: that goes on from its first record.
   */
  readonly fresh: boolean
  /**
   * Records that retention deleted before this group consumed them. The lease passes them over, in `committed` too;
   * whoever consumes should report when this is, or becomes, more than 0.
   */
  readonly skipped: number
  /** Bytes of the largest output that can be settled: key, value, headers, and what is written around them. */
  readonly maxRecordBytes: number
  /** Aborted when ownership is lost or the broker closes. After that nothing can be settled. */
  readonly revoked: AbortSignal
  /**
   * Waits for at least one record and returns at most `maxRecords`. Calling it IS the credit: nothing is read ahead
   * without bound, and the next call may be made only after the previous batch was settled.
   * Rejects with `BrokerError('revoked')` when `revoked` fires while waiting.
   */
  next(maxRecords: number): Promise<Batch>
  /** Stored state of the partition, as of the last settlement or earlier. */
  readonly states: StoredStates
  /** Writes a snapshot on its own, without settling anything; durable when resolved. For a swap of the network. */
  checkpoint(snapshot: Snapshot): Promise<void>
  /**
   * Goes on from another offset, without the states of before: commits the offset, removes everything stored for the
   * partition and leaves `meta` in its place, in one transaction. Not while a batch is out.
   */
  moveTo(offset: number, meta: Uint8Array): Promise<void>
  /** Gives the partition back, without committing anything. */
  release(): Promise<void>
}

export interface StoredStates {
  /** `null` when there has never been a snapshot. */
  meta(): Promise<Uint8Array | null>
  /** How many series have a row. */
  count(): Promise<number>
  /** All rows, in chunks of a bounded size; each chunk as of the moment at which it is asked for. */
  load(): AsyncIterable<readonly StateRow[]>
  /** One series' row: for states that were spilled. Synchronous where the store is local, since it is on the hot path. */
  get(series: string): StateRow | null | Promise<StateRow | null>
}

export interface ReadRange {
  /** First offset, inclusive; default the earliest. */
  readonly fromOffset?: number
  /** Last offset, exclusive; default the end at the time of the call. Named, nothing before it is left out unless it was deleted. */
  readonly toOffset?: number
  /** Only records with a time stamp ≥ this (ms). */
  readonly fromTimestamp?: number
  /** Only records with a time stamp < this (ms). */
  readonly toTimestamp?: number
}

/** How a consumption's outcomes are made to last. */
export interface Delivery {
  /**
   * With 'at-least-once' outputs are visible as soon as they are written, and the offset follows: when the process dies
   * or the partition moves in between, they are published again. A broker that can do no less may do 'exactly-once'.
   */
  readonly guarantee: 'exactly-once' | 'at-least-once'
  /**
   * Least time between two commits of a partition. With 'exactly-once' a batch waits for it, unless `maxRecords` wait
   * already; with 'at-least-once' only the offset does. For brokers on which commits are dear.
   */
  readonly commitIntervalMs: number
}

export const PROMPTLY: Delivery = { guarantee: 'exactly-once', commitIntervalMs: 0 }

export interface Broker {
  readonly kind: 'embedded' | 'kafka'
  /** Creates what is missing; an existing topic keeps its partitions, its retention is updated. */
  ensureTopics(topics: readonly TopicSpec[]): Promise<void>
  /** One entry per partition, or `null` for a topic that does not exist. */
  describe(topic: string): Promise<readonly PartitionInfo[] | null>
  /** Names of all topics. */
  topics(): Promise<readonly string[]>
  /**
   * Appends outside any pipeline (replay, HTTP ingest). Resolves when durable; all records or none. With 'unavailable' it
   * may be all of them: the answer of a remote broker can be lost.
   */
  append(records: readonly OutboundRecord[]): Promise<void>
  /** Offset of a partition's first record with a time stamp ≥ this (ms); its end where there is none. */
  offsetAt(topic: string, partition: number, timestamp: number): Promise<number>
  /** Bounded read in offset order, in chunks of a bounded size; needs no lease. */
  read(topic: string, partition: number, range: ReadRange): AsyncIterable<readonly LogRecord[]>
  /**
   * Joins `group` on `topic`. `assigned` is called once for each partition this process comes to own, now or later.
   * Two processes, or two consumers of one, never hold the same partition of a group at once. `delivery` defaults to `PROMPTLY`.
   */
  consume(
    topic: string,
    group: string,
    assigned: (lease: PartitionLease) => void,
    delivery?: Delivery,
  ): Promise<Consumption>
  /** Bytes used by topics, states and models together; `null` where the broker cannot know. */
  size(): Promise<number | null>
  close(): Promise<void>
}

export interface Consumption {
  /** Why what this consumer owns is not at work, in words; `null` when nothing is in its way. It is tried again by itself. */
  trouble(): string | null
  /** Leaves the group: revokes its leases. Unsettled batches are not settled. */
  close(): Promise<void>
}

/** The closed list of what can go wrong at a broker. */
export type BrokerErrorCode =
  | 'locked' // another process holds the log
  | 'revoked' // the partition is no longer ours
  | 'unknown-topic'
  | 'too-large' // a record over the size limit
  | 'disk-full'
  | 'corrupt'
  | 'newer-format' // stored by a newer Tidecast; it is left as it is
  | 'unavailable' // the broker cannot be reached or cannot write now
  | 'closed'

export class BrokerError extends Error {
  override readonly name = 'BrokerError'
  constructor(
    readonly code: BrokerErrorCode,
    message: string,
    /** True when the same call may succeed later without anything being changed by a person. */
    readonly retriable = false,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}

/**
 * What is stored was written by a newer version of Tidecast, and must neither be read nor replaced by this one.
 * @param what is stored, as the beginning of a sentence
 */
export function newerFormat(what: string, found: number, known: number): BrokerError {
  return new BrokerError(
    'newer-format',
    `${what} has format ${found}, written by a newer Tidecast; this one knows formats up to ${known}. It is left as it ` +
      'is: upgrade Tidecast, or go back to a backup from before.',
  )
}
