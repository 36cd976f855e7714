import type { OutboundRecord } from '../../ports/broker.js'
import type { PartitionRef } from './keys.js'
import type { LogStore } from './log-store.js'
import { partitionOfKey } from './partitioner.js'
import { encodeBatches } from './record-batch.js'
import type { EncodedBatch } from './record-batch.js'
import type { Retention } from './retention.js'
import type { Topic, Topics } from './topics.js'

/** Per stored value: its keys, index entry, and what rounding up to pages may add. */
const VALUE_OVERHEAD = 8192

/** Records ready to be appended: checked, partitioned and packed. */
export interface Prepared {
  readonly partitions: readonly PartitionRef[]
  /** Upper bound of the bytes they will take. */
  readonly bytes: number
  /** Only inside `Environment.write`. */
  append(): void
}

export class Outbound {
  #nextKeyless = 0

  constructor(
    private readonly topics: Topics,
    private readonly log: LogStore,
    private readonly retention: Retention,
  ) {}

  /** All that can be wrong with the records is found here, before anything is written. */
  prepare(records: readonly OutboundRecord[], now: number, mostBytes?: number): Prepared {
    const appends: { topic: Topic; ref: PartitionRef; batches: EncodedBatch[] }[] = []
    let bytes = 0
    for (const [topic, partitions] of this.#byPartition(records)) {
      partitions.forEach((ofPartition, partition) => {
        const batches = encodeBatches(ofPartition, now, mostBytes)
        for (const batch of batches) bytes += batch.bytes.length + VALUE_OVERHEAD
        appends.push({ topic, ref: { id: topic.id, partition }, batches })
      })
    }
    return {
      partitions: appends.map(({ ref }) => ref),
      bytes,
      append: () => {
        for (const { topic, batches } of appends) {
          const appending = batches.reduce((sum, batch) => sum + batch.bytes.length, 0)
          this.retention.stepIfDue(topic, appending, now)
        }
        for (const { ref, batches } of appends) this.log.append(ref, batches, now)
      },
    }
  }

  /** Sparse arrays, by partition. */
  #byPartition(records: readonly OutboundRecord[]): Map<Topic, OutboundRecord[][]> {
    const groups = new Map<Topic, OutboundRecord[][]>()
    const byName = new Map<string, Topic>()
    const keyless = this.#nextKeyless++
    for (const record of records) {
      let topic = byName.get(record.topic)
      if (topic === undefined) {
        topic = this.topics.get(record.topic)
        byName.set(record.topic, topic)
        groups.set(topic, [])
      }
      const partitions = groups.get(topic) as OutboundRecord[][]
      const partition = record.partition ?? this.#choose(record.key, topic.partitions, keyless)
      if (!(partition >= 0 && partition < topic.partitions)) {
        throw new RangeError(
          `Topic ${topic.name} has ${topic.partitions} partitions, no partition ${partition}.`,
        )
      }
      ;(partitions[partition] ??= []).push(record)
    }
    return groups
  }

  /** Records without a key go round the partitions, those of one call together, so that they keep their order. */
  #choose(key: Uint8Array | null, partitions: number, keyless: number): number {
    return key === null ? keyless % partitions : partitionOfKey(key, partitions)
  }
}
