import type { PartitionRef } from '../embedded/keys.js'
import type { PartitionFetcher } from './fetcher.js'
import type { KafkaLease } from './lease.js'
import type { LocalStates } from './local-states.js'
import type { KafkaParts } from './parts.js'
import type { Publisher } from './publisher.js'
import type { RecordQueue } from './record-queue.js'
import type { Transactor } from './transactor.js'

export interface LeaseOwner {
  /** The lease gives its partition back. */
  release(lease: KafkaLease): Promise<void>
  /** The lease can write no more, and nobody knows whether its last transaction took effect. */
  lost(lease: KafkaLease, error: unknown): void
}

export interface LeaseParts {
  readonly parts: KafkaParts
  readonly group: string
  readonly topic: string
  readonly partition: number
  /** Partitions that the topic had when the group began with it. */
  readonly partitions: number
  /** As the port says. */
  readonly topicId: string | null
  readonly transactor: Transactor
  /** Publishes before the commit, at least once; `null`: as part of it, exactly once. */
  readonly publisher: Publisher | null
  readonly commitIntervalMs: number
  readonly fetcher: PartitionFetcher
  readonly queue: RecordQueue
  readonly local: LocalStates
  readonly ref: PartitionRef
  readonly owner: LeaseOwner
  readonly fresh: boolean
}
