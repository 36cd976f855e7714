import { setTimeout as pause } from 'node:timers/promises'
import { assertRemovable, championsAfter, DECISIONS_KEPT } from '../../ports/model-store.js'
import type { Decision, ModelStore, StoredModel } from '../../ports/model-store.js'
import type { KafkaClient } from './connection.js'
import { translating } from './errors.js'
import { PartitionFetcher } from './fetcher.js'
import {
  decodeChampion,
  decodeDecisions,
  decodeManifest,
  decodeWeights,
  encodeChampion,
  encodeDecisions,
  encodeModel,
  encodeRemoval,
} from './model-codec.js'
import type { Champion, Description, ModelEntry, ModelKey } from './model-codec.js'
import { readPartition } from './read.js'
import { addressed } from './sends.js'
import type { Topics } from './topics.js'
import { Transactor } from './transactor.js'

export interface KafkaModelStoreOptions {
  readonly client: KafkaClient
  readonly topics: Topics
  readonly topic: string
  readonly assertOpen: () => void
}

/** How long Kafka holds back an answer while nothing new is stored; so long may closing take. */
const FOLLOW_WAIT_MS = 1000
const FOLLOW_PAUSE_MS = 5000

/**
 * Models in one partition of a compacted topic, all of them also in memory, since they are asked for synchronously. What
 * other processes store is seen at once by those that follow, and by others when they store something, or open anew.
 */
export class KafkaModelStore implements ModelStore {
  /** JSON of the key → value. */
  readonly #entries = new Map<string, Buffer>()
  #position = 0
  #turn: Promise<unknown> = Promise.resolve()
  #following: Promise<void> | null = null
  readonly #closing = new AbortController()

  private constructor(private readonly options: KafkaModelStoreOptions) {}

  static async open(options: KafkaModelStoreOptions): Promise<KafkaModelStore> {
    const store = new KafkaModelStore(options)
    await store.#catchUp()
    return store
  }

  /** From now on, what other processes store is seen as soon as it is there. */
  follow(): void {
    this.#following ??= this.#tail()
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#following
  }

  list(pipeline: string): readonly Description[] {
    return this.#versions(pipeline).map((version) => this.#manifest(pipeline, version).model)
  }

  get(pipeline: string, version: number): StoredModel | null {
    if (!this.#versions(pipeline).includes(version)) return null
    const manifest = this.#manifest(pipeline, version)
    const weights = decodeWeights(manifest, (chunk) => this.#entry([pipeline, version, chunk]))
    return { ...manifest.model, weights }
  }

  champion(pipeline: string): number | null {
    return this.#champion(pipeline).version
  }

  formerChampions(pipeline: string): readonly (number | null)[] {
    return this.#champion(pipeline).former ?? []
  }

  decisions(pipeline: string): readonly Decision[] {
    this.options.assertOpen()
    return decodeDecisions(this.#entry([pipeline, 'decisions']))
  }

  note(pipeline: string, decision: Decision): Promise<void> {
    return this.#change(pipeline, () => {
      const kept = [...this.decisions(pipeline), decision].slice(-DECISIONS_KEPT)
      return { entries: [encodeDecisions(pipeline, kept)], result: undefined }
    })
  }

  put(model: Omit<StoredModel, 'version'>): Promise<StoredModel> {
    return this.#change(model.pipeline, () => {
      const stored = { ...model, version: (this.#versions(model.pipeline).at(-1) ?? 0) + 1 }
      return { entries: encodeModel(stored), result: stored }
    })
  }

  setChampion(pipeline: string, version: number | null): Promise<void> {
    return this.#change(pipeline, () => {
      if (version !== null && !this.#versions(pipeline).includes(version)) {
        throw new RangeError(`Pipeline ${pipeline} has no model version ${version}.`)
      }
      const { version: present, former = [] } = this.#champion(pipeline)
      const champion = { version, former: championsAfter(former, present, version) }
      return { entries: [encodeChampion(pipeline, champion)], result: undefined }
    })
  }

  remove(pipeline: string, versions: readonly number[]): Promise<void> {
    return this.#change(pipeline, () => {
      const known = this.#versions(pipeline)
      assertRemovable(versions, known, this.champion(pipeline))
      const entries = versions
        .filter((version) => known.includes(version))
        .flatMap((version) => encodeRemoval(this.#manifest(pipeline, version)))
      return { entries, result: undefined }
    })
  }

  /**
   * One transaction under the pipeline's own id. Whoever changes its models at the same time has the id first or last: the
   * first is fenced and fails, the last has read what was there when it took the id over, so no number is given twice.
   */
  #change<T>(
    pipeline: string,
    decide: () => { readonly entries: ModelEntry[]; readonly result: T },
  ): Promise<T> {
    const { client, topics, topic, assertOpen } = this.options
    const change = async (): Promise<T> => {
      assertOpen()
      await topics.ensureCompacted(topic, 1)
      const transactor = await Transactor.open(client, `tidecast-models-${pipeline}`)
      try {
        await this.#catchUp()
        const { entries, result } = decide()
        await transactor.run(
          entries.map(({ key, value }) => addressed(topic, 0, { key: encodeKey(key), value })),
        )
        for (const { key, value } of entries) this.#apply(encodeKey(key), value)
        return result
      } finally {
        await transactor.close()
      }
    }
    const changed = this.#turn.then(() =>
      translating(`to store a model of ${pipeline}`, change, {
        topic: `Write on topic ${this.options.topic}`,
        transactionalId: `Write on transactional id tidecast-models-${pipeline}`,
      }),
    )
    this.#turn = changed.catch(() => undefined)
    return changed
  }

  async #catchUp(): Promise<void> {
    const { client, topics, topic } = this.options
    const range = (await topics.describe(topic))?.[0]
    if (range === undefined) return
    const fetcher = new PartitionFetcher(client, topic, 0)
    try {
      const earliest = Math.max(this.#position, range.earliest)
      for await (const records of readPartition(fetcher, range, {
        fromOffset: earliest,
        toOffset: range.end,
      })) {
        for (const { key, value } of records) if (key !== null) this.#apply(key, value)
      }
      this.#position = range.end
    } finally {
      await fetcher.close()
    }
  }

  /** A request a second while nothing happens. Failures are passed over: whoever waits for Kafka hears of them elsewhere. */
  async #tail(): Promise<void> {
    const { client, topics, topic } = this.options
    const { signal } = this.#closing
    let fetcher: PartitionFetcher | undefined
    while (!signal.aborted) {
      try {
        await topics.ensureCompacted(topic, 1)
        fetcher ??= new PartitionFetcher(client, topic, 0)
        await this.#advance(fetcher, signal)
      } catch {
        await pause(FOLLOW_PAUSE_MS, undefined, { signal, ref: false }).catch(() => undefined)
      }
    }
    await fetcher?.close()
  }

  async #advance(fetcher: PartitionFetcher, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const from = this.#position
      const { records, next } = await fetcher.fetch(from, FOLLOW_WAIT_MS)
      // Meanwhile a change may have read on: what it has seen is newer.
      if (this.#position !== from) continue
      for (const { key, value } of records) if (key !== null) this.#apply(key, value)
      this.#position = next
    }
  }

  #apply(key: Uint8Array, value: Uint8Array | null): void {
    const name = Buffer.from(key).toString()
    if (value === null) this.#entries.delete(name)
    else this.#entries.set(name, Buffer.from(value))
  }

  #champion(pipeline: string): Champion {
    this.options.assertOpen()
    return decodeChampion(this.#entry([pipeline, 'champion']), pipeline)
  }

  #entry(key: ModelKey): Buffer | undefined {
    return this.#entries.get(JSON.stringify(key))
  }

  #manifest(pipeline: string, version: number): ReturnType<typeof decodeManifest> {
    return decodeManifest(this.#entry([pipeline, version])!, pipeline, version)
  }

  #versions(pipeline: string): number[] {
    this.options.assertOpen()
    return [...this.#entries.keys()]
      .map((name) => JSON.parse(name) as ModelKey)
      .filter((key) => key[0] === pipeline && key.length === 2 && typeof key[1] === 'number')
      .map((key) => key[1] as number)
      .sort((a, b) => a - b)
  }
}

function encodeKey(key: ModelKey): Buffer {
  return Buffer.from(JSON.stringify(key))
}
