import { setTimeout as pause } from 'node:timers/promises'
import { BorrowedCluster } from './borrowed-cluster.js'
import { PartitionFetcher } from './fetcher.js'
import type { KafkaParts } from './parts.js'
import { FRESH_MS, StatesCopy, statesTopic } from './states-topic.js'

/** How often it looks for what other owners have written. */
const ROUND_MS = 1000
/** After a fetch it rests this many times as long as that took: so it works a quarter of the time at most. */
const REST = 3

/**
 * Keeps the copies of states warm that belong to partitions of other processes, so that one of those is taken over
 * without reading all of its states first. Everything it does is done by the next owner too, where it has not come so far:
 * failures are passed over.
 */
export class Standby {
  readonly #closing = new AbortController()
  readonly #cluster: BorrowedCluster
  readonly #topic: string
  /** By partition, where its copy has come to, and when that was seen (ms): while it is the end, nothing is asked. */
  readonly #reached = new Map<number, { readonly position: number; readonly at: number }>()
  readonly #ended: Promise<void>

  constructor(
    private readonly parts: KafkaParts,
    private readonly group: string,
    private readonly input: string,
    /** Copies of what this process owns are kept by their leases. */
    private readonly isOwned: (partition: number) => boolean,
  ) {
    this.#cluster = new BorrowedCluster(parts.client)
    this.#topic = statesTopic(group)
    this.#ended = this.#run()
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#cluster.close()
    await this.#ended
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing
    while (!signal.aborted) {
      try {
        await this.#round()
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error)
        this.parts.log('debug', 'kafka: standby copies wait', { group: this.group, error: reason })
      }
      await this.#rest(ROUND_MS)
    }
  }

  async #round(): Promise<void> {
    const count = await this.parts.topics.partitionsOf(this.input)
    const others = Array.from({ length: count }, (_, partition) => partition).filter((p) => !this.isOwned(p))
    if (others.length === 0) return
    const ranges = (await this.parts.topics.describe(this.#topic)) ?? []
    for (const partition of others) {
      const end = ranges[partition]?.end
      // Added, and not taken by its first owner yet.
      if (end === undefined) continue
      const { position, at } = this.#reached.get(partition) ?? { position: 0, at: 0 }
      if (position !== end || this.parts.clock.now() - at > FRESH_MS) await this.#follow(partition, end)
    }
  }

  /** What is undecided yet comes with a later round. */
  async #follow(partition: number, end: number): Promise<void> {
    const { parts, group, input } = this
    const local = await parts.states()
    const ref = await local.refOf(group, input, partition)
    const fetcher = new PartitionFetcher(parts.client, this.#topic, partition, this.#cluster)
    const copy = new StatesCopy(parts, fetcher, ref, local)
    let position = await copy.begin()
    while (position < end) {
      if (this.isOwned(partition) || this.#closing.signal.aborted || local.crowded) return
      const started = performance.now()
      const reached = await copy.step(position, 0)
      if (reached === position) return
      position = reached
      await this.#rest(REST * (performance.now() - started))
    }
    await copy.confirm(position)
    parts.log('debug', 'kafka: a standby copy is complete', { partition, position })
    this.#reached.set(partition, { position, at: parts.clock.now() })
  }

  #rest(ms: number): Promise<void> {
    return pause(ms, undefined, { signal: this.#closing.signal, ref: false }).catch(() => undefined)
  }
}
