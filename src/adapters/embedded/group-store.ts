/**
 * What a group has consumed of a topic, and the states it keeps for it. Formats version 1, little-endian:
 *
 *   groups   [group, topic] → {id}, JSON; the number stands for both in all keys
 *   offsets  [id, partition] → next offset to consume f64
 *   states   see `state-rows.ts`
 */
import { setImmediate } from 'node:timers/promises'
import type { Snapshot, StateRow, StoredStates } from '../../ports/broker.js'
import type { Environment } from './environment.js'
import { partitionKey } from './keys.js'
import type { PartitionRef } from './keys.js'
import { decodeRow, encodeRows, metaKey, rowKey, rowKeyRange } from './state-rows.js'

const CHUNK_ROWS = 1024
/** Rounding up of a row to whole pages, and its share of the index. */
const ROW_OVERHEAD = 8192
const CHUNK_BYTES = 4 * 1024 * 1024

export class GroupStore {
  constructor(private readonly environment: Environment) {}

  /** The number of a group's view of a topic; given out when first asked for. */
  async idOf(group: string, topic: string): Promise<number> {
    const { groups } = this.environment
    const key = [group, topic]
    return (
      this.#stored(key) ??
      (await this.environment.write(0, () => {
        const existing = this.#stored(key)
        if (existing !== null) return existing
        const id =
          1 +
          [...groups.getRange()].reduce((max, { value }) => Math.max(max, (value as { id: number }).id), 0)
        groups.putSync(key, { id })
        return id
      }))
    )
  }

  committed(partition: PartitionRef): number | null {
    return this.environment.offsets.get(partitionKey(partition))?.readDoubleLE(0) ?? null
  }

  /** Only inside `Environment.write`. */
  commit(partition: PartitionRef, offset: number): void {
    const value = Buffer.allocUnsafe(8)
    value.writeDoubleLE(offset)
    this.environment.offsets.putSync(partitionKey(partition), value)
  }

  /** Encodes at once, so that the transaction itself is short; the function returned only inside `Environment.write`. */
  prepareSnapshot(
    partition: PartitionRef,
    snapshot: Snapshot,
  ): { readonly bytes: number; readonly store: () => void } {
    const deleted = (snapshot.deleted ?? []).map((series) => rowKey(partition, series))
    const rows = encodeRows(partition, snapshot.rows)
    const bytes = rows.reduce(
      (sum, { value }) => sum + value.length + ROW_OVERHEAD,
      snapshot.meta.length + ROW_OVERHEAD,
    )
    const store = (): void => {
      for (const key of deleted) this.environment.states.removeSync(key)
      for (const { key, value } of rows) this.environment.states.putSync(key, value)
      this.environment.states.putSync(metaKey(partition), Buffer.from(snapshot.meta))
    }
    return { bytes, store }
  }

  /** Removes all that is stored of a partition. Only inside `Environment.write`. */
  clear(partition: PartitionRef): void {
    const { states } = this.environment
    for (const key of [...states.getKeys(rowKeyRange(partition))]) states.removeSync(key)
    states.removeSync(metaKey(partition))
  }

  #stored(key: string[]): number | null {
    return (this.environment.groups.get(key) as { readonly id: number } | undefined)?.id ?? null
  }
}

export class PartitionStates implements StoredStates {
  constructor(
    private readonly environment: Environment,
    private readonly partition: PartitionRef,
  ) {}

  async meta(): Promise<Uint8Array | null> {
    this.environment.assertOpen()
    return this.environment.states.get(metaKey(this.partition)) ?? null
  }

  async count(): Promise<number> {
    this.environment.assertOpen()
    return this.environment.states.getKeysCount(rowKeyRange(this.partition))
  }

  async *load(): AsyncGenerator<readonly StateRow[]> {
    const { start: first, end } = rowKeyRange(this.partition)
    let start = first
    for (;;) {
      this.environment.assertOpen()
      const rows: StateRow[] = []
      let bytes = 0
      for (const { key, value } of this.environment.states.getRange({ start, end, limit: CHUNK_ROWS })) {
        rows.push(decodeRow(value))
        bytes += value.length
        // The smallest key after this one. The cursor is not kept: it would pin old pages while others write.
        start = Buffer.concat([key, Buffer.of(0)])
        if (bytes >= CHUNK_BYTES) break
      }
      if (rows.length === 0) return
      yield rows
      // A store with many states must not hold up everything else while it is read.
      await setImmediate()
    }
  }

  get(series: string): StateRow | null {
    this.environment.assertOpen()
    const value = this.environment.states.get(rowKey(this.partition, series))
    return value === undefined ? null : decodeRow(value)
  }
}
