import { BrokerError } from '../../ports/broker.js'
import type { Snapshot } from '../../ports/broker.js'
import type { Clock } from '../../ports/clock.js'
import { Environment } from '../embedded/environment.js'
import { translated } from '../embedded/errors.js'
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

/** How far a copy goes. Kept beside it, as JSON. */
export interface CopyProgress {
  /** The record that tells this states topic from another one of the same name; `null`: not come to it yet. */
  readonly mark: { readonly offset: number; readonly id: string } | null
  /** Offset in the states topic before which the copy holds everything. */
  readonly position: number
  /** Time (ms) at which that was so. */
  readonly at: number
}

/**
 * The states of the partitions held by this process, so that a spilled series comes back without a question to Kafka:
 * a copy of what the states topic says, in the format of the embedded log. It stays when a partition goes to another
 * process, so that only what was written since is read when it comes back. Lost, it is copied again.
 */
export class LocalStates {
  readonly #groups: GroupStore

  private constructor(
    private readonly environment: Environment,
    private readonly lock: WriterLock,
    private readonly clock: Clock,
    private readonly mapSizeBytes: number,
  ) {
    this.#groups = new GroupStore(environment)
  }

  /** Rejects with 'locked' when another process works in this folder. */
  static async open(dir: string, mapSizeBytes: number, pid: number, clock: Clock): Promise<LocalStates> {
    const environment = await Environment.open({ dir, mapSizeBytes, readOnly: false })
    try {
      const lock = await acquireWriterLock(environment, pid, clock.now())
      return new LocalStates(environment, lock, clock, mapSizeBytes)
    } catch (error) {
      await environment.close()
      throw await translated(error, dir)
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

  /** `null` where there is no copy. */
  progress(ref: PartitionRef): CopyProgress | null {
    return (this.environment.meta.get(progressKey(ref)) as CopyProgress | undefined) ?? null
  }

  /**
   * Drops a copy that says nothing any more; the next one begins at `position`.
   * @returns false, and nothing is changed, where it is not what `known` says any more
   */
  restart(ref: PartitionRef, known: CopyProgress | null, position: number): Promise<boolean> {
    return this.environment.write(0, () => {
      const now = this.progress(ref)
      if (now?.position !== known?.position || now?.mark?.id !== known?.mark?.id) return false
      this.#groups.clear(ref)
      this.#reach(ref, null, position)
      return true
    })
  }

  /**
   * Takes over what the states topic holds from `from` up to `to`, in its order.
   * @param mark where it is among the records
   * @returns false, and nothing is changed, where the copy does not end at `from` any more
   */
  advance(
    ref: PartitionRef,
    from: number,
    records: readonly StateRecord[],
    to: number,
    mark: CopyProgress['mark'],
  ): Promise<boolean> {
    const rows = records.flatMap(({ key, value }) =>
      key === null ? [] : [{ key: Buffer.concat([partitionKey(ref), key]), value }],
    )
    return this.#write(rows, () => {
      const known = this.progress(ref)
      if (known?.position !== from) return false
      this.#reach(ref, mark ?? known.mark, to)
      return true
    })
  }

  /** No room is to be taken any more by what may be left out: owners need it. */
  get crowded(): boolean {
    return this.environment.size() > this.mapSizeBytes / 2
  }

  /**
   * A snapshot as it goes into the states topic, and what takes it over here once it is committed there.
   * @param writtenFrom where it was written there: nobody else writes, so all before it is here
   */
  prepare(
    ref: PartitionRef,
    snapshot: Snapshot,
    topic: string,
    writtenFrom: () => number | null,
  ): { readonly records: Addressed[]; readonly store: () => Promise<void> } {
    const rows = [
      ...(snapshot.deleted ?? []).map((series) => ({ key: rowKey(ref, series), value: null })),
      ...encodeRows(ref, snapshot.rows),
      { key: metaKey(ref), value: Buffer.from(snapshot.meta) },
    ]
    const records = rows.map(({ key, value }) => toRecord(topic, ref, key, value))
    const store = (): Promise<void> =>
      this.#write(rows, () => {
        const position = writtenFrom()
        const known = this.progress(ref)
        if (known !== null && position !== null) this.#reach(ref, known.mark, position)
        return true
      }).then(() => undefined)
    return { records, store }
  }

  /** Records that end all that is stored of a partition. */
  tombstones(ref: PartitionRef, topic: string): Addressed[] {
    const { states } = this.environment
    const keys = [...states.getKeys(rowKeyRange(ref))]
    if (states.doesExist(metaKey(ref))) keys.push(metaKey(ref))
    return keys.map((key) => toRecord(topic, ref, key, null))
  }

  async close(): Promise<void> {
    await this.environment.close()
    await this.lock.release()
  }

  #reach(ref: PartitionRef, mark: CopyProgress['mark'], position: number): void {
    const progress: CopyProgress = { mark, position, at: this.clock.now() }
    this.environment.meta.putSync(progressKey(ref), progress)
  }

  /** All of the rows, or none where `reach` says no. */
  #write(
    rows: readonly { readonly key: Buffer; readonly value: Uint8Array | null }[],
    reach: () => boolean,
  ): Promise<boolean> {
    const bytes = rows.reduce((sum, { value }) => sum + (value?.length ?? 0) + ROW_OVERHEAD, 0)
    return this.environment.write(bytes, () => {
      if (!reach()) return false
      const { states } = this.environment
      for (const { key, value } of rows) {
        if (value === null) states.removeSync(key)
        else states.putSync(key, Buffer.from(value.buffer, value.byteOffset, value.byteLength))
      }
      return true
    })
  }
}

function progressKey({ id, partition }: PartitionRef): string {
  return `copy ${id} ${partition}`
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
