import { BrokerError } from '../../ports/broker.js'
import type { Snapshot } from '../../ports/broker.js'
import { Environment } from '../embedded/environment.js'
import { GroupStore, PartitionStates } from '../embedded/group-store.js'
import { partitionKey } from '../embedded/keys.js'
import type { PartitionRef } from '../embedded/keys.js'
import { encodeRows, metaKey, rowKey, rowKeyRange } from '../embedded/state-rows.js'
import { acquireWriterLock } from '../embedded/writer-lock.js'
import type { WriterLock } from '../embedded/writer-lock.js'
import { addressed } from './sends.js'
import type { Addressed } from './sends.js'

/** The part of a key that says whose partition it is: what is sent to Kafka goes without. */
const PREFIX_BYTES = 8
/** Rounding up of a row to whole pages, and its share of the index. */
const ROW_OVERHEAD = 8192

/** A record of the states topic: a row, the partition's own state, or, without a value, the end of one. */
export interface StateRecord {
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
}

/**
 * The states of the partitions held by this process, so that a spilled series comes back without a question to Kafka:
 * a copy of what the states topic says, in the format of the embedded log. Lost, it is copied again.
 */
export class LocalStates {
  readonly #groups: GroupStore

  private constructor(
    private readonly environment: Environment,
    private readonly lock: WriterLock,
  ) {
    this.#groups = new GroupStore(environment)
  }

  /** Rejects with 'locked' when another process works in this folder. */
  static async open(dir: string, mapSizeBytes: number, pid: number, now: number): Promise<LocalStates> {
    const environment = await Environment.open({ dir, mapSizeBytes, readOnly: false })
    try {
      return new LocalStates(environment, await acquireWriterLock(environment, pid, now))
    } catch (error) {
      await environment.close()
      throw error
    }
  }

  async refOf(group: string, topic: string, partition: number): Promise<PartitionRef> {
    return { id: await this.#groups.idOf(group, topic), partition }
  }

  view(ref: PartitionRef): PartitionStates {
    return new PartitionStates(this.environment, ref)
  }

  clear(ref: PartitionRef): Promise<void> {
    return this.environment.write(0, () => {
      this.#groups.clear(ref)
    })
  }

  /** A snapshot as it goes into the states topic, and what takes it over here once it is committed there. */
  prepare(
    ref: PartitionRef,
    snapshot: Snapshot,
    topic: string,
  ): { readonly records: Addressed[]; readonly store: () => Promise<void> } {
    const rows = [
      ...(snapshot.deleted ?? []).map((series) => ({ key: rowKey(ref, series), value: null })),
      ...encodeRows(ref, snapshot.rows),
      { key: metaKey(ref), value: Buffer.from(snapshot.meta) },
    ]
    const records = rows.map(({ key, value }) => toRecord(topic, ref, key, value))
    return { records, store: () => this.#write(rows) }
  }

  /** Records that end all that is stored of a partition. */
  tombstones(ref: PartitionRef, topic: string): Addressed[] {
    const { states } = this.environment
    const keys = [...states.getKeys(rowKeyRange(ref))]
    if (states.doesExist(metaKey(ref))) keys.push(metaKey(ref))
    return keys.map((key) => toRecord(topic, ref, key, null))
  }

  /** Takes over records of the states topic, in their order. */
  apply(ref: PartitionRef, records: readonly StateRecord[]): Promise<void> {
    const rows = records.flatMap(({ key, value }) =>
      key === null ? [] : [{ key: Buffer.concat([partitionKey(ref), key]), value }],
    )
    return this.#write(rows)
  }

  async close(): Promise<void> {
    await this.environment.close()
    await this.lock.release()
  }

  #write(rows: readonly { readonly key: Buffer; readonly value: Uint8Array | null }[]): Promise<void> {
    const bytes = rows.reduce((sum, { value }) => sum + (value?.length ?? 0) + ROW_OVERHEAD, 0)
    return this.environment.write(bytes, () => {
      const { states } = this.environment
      for (const { key, value } of rows) {
        if (value === null) states.removeSync(key)
        else states.putSync(key, Buffer.from(value.buffer, value.byteOffset, value.byteLength))
      }
    })
  }
}

function toRecord(topic: string, ref: PartitionRef, key: Buffer, value: Buffer | null): Addressed {
  try {
    return addressed(topic, ref.partition, { key: Buffer.from(key.subarray(PREFIX_BYTES)), value })
  } catch (cause) {
    if (!(cause instanceof BrokerError)) throw cause
    const message = `A state of partition ${ref.partition} does not fit into a record of ${topic}: ${cause.message}`
    throw new BrokerError('too-large', message, false, { cause })
  }
}
