/**
 * The LMDB environment of a data directory: its databases, its format version, and its one way of writing.
 *
 * Environment format version 1. Databases:
 *   meta        string → JSON     'format': {version} · 'writer': {socket, pid, host, since} (`writer-lock.ts`)
 *   topics      string → JSON     topic name → {id, partitions, retentionMs?, retentionBytes?} (`topics.ts`)
 *   groups      [group, topic] → JSON   {id} (`group-store.ts`)
 *   partitions  partition → binary      earliest and end offset, bytes (`log-store.ts`)
 *   index       batch → binary    one entry per record batch (`log-store.ts`)
 *   log         batch → binary    record batches (`record-batch.ts`)
 *   offsets     partition of a group → binary   committed offset (`group-store.ts`)
 *   states      partition of a group, series → binary   states (`state-rows.ts`)
 *   models      [pipeline, …] → JSON    models without weights, champions (`model-store.ts`)
 *   weights     [pipeline, version] → binary    (`model-store.ts`)
 * Each value with a format of its own carries its own version; this one changes when a database does.
 */
import { open } from 'lmdb'
import type { Database, Key, RootDatabase } from 'lmdb'
import { BrokerError, newerFormat } from '../../ports/broker.js'
import { checkDataFile, makeLockFile } from './data-file.js'
import { closedError, translated } from './errors.js'

/** Of the whole data file. */
export const FORMAT_VERSION = 1
/** lmdb-js grows the map by itself when it is too small, but keeps the old one mapped: so it is reserved amply. */
const MAP_RESERVE = 2

export interface EnvironmentOptions {
  readonly dir: string
  /** Live data may take up this much; then writes are refused with 'disk-full'. */
  readonly mapSizeBytes: number
  readonly readOnly: boolean
}

export type JsonDatabase<V, K extends Key = string> = Database<V, K>
export type BinaryDatabase = Database<Buffer, Buffer>

export class Environment {
  readonly meta: JsonDatabase<unknown>
  readonly topics: JsonDatabase<unknown>
  readonly groups: JsonDatabase<unknown, string[]>
  readonly models: JsonDatabase<unknown, (string | number)[]>
  readonly weights: Database<Buffer, (string | number)[]>
  readonly partitions: BinaryDatabase
  readonly index: BinaryDatabase
  readonly log: BinaryDatabase
  readonly offsets: BinaryDatabase
  readonly states: BinaryDatabase
  #closed = false
  /** Live bytes when last counted, and an upper bound of what was added since. */
  #counted = 0
  #added = 0

  private constructor(
    private readonly root: RootDatabase,
    private readonly options: EnvironmentOptions,
  ) {
    this.meta = this.#openJson('meta')
    this.#checkFormat()
    this.topics = this.#openJson('topics')
    this.groups = this.#openJson('groups')
    this.models = this.#openJson('models')
    this.weights = this.root.openDB('weights', { encoding: 'binary' })
    this.partitions = this.#openBinary('partitions')
    this.index = this.#openBinary('index')
    this.log = this.#openBinary('log')
    this.offsets = this.#openBinary('offsets')
    this.states = this.#openBinary('states')
    this.#counted = this.size()
  }

  static async open(options: EnvironmentOptions): Promise<Environment> {
    const { dir, readOnly, mapSizeBytes } = options
    await checkDataFile(dir, readOnly)
    let root: RootDatabase | undefined
    try {
      if (!readOnly) await makeLockFile(dir)
      root = open({
        path: dir,
        noSubdir: false,
        readOnly,
        mapSize: mapSizeBytes * MAP_RESERVE,
        maxDbs: 16,
        // A commit then returns only when synced; with overlapping sync it would return before.
        overlappingSync: false,
        // Its own batching has a promise that nobody can catch: a failed commit would end the process.
        eventTurnBatching: false,
      } as Parameters<typeof open>[0] & { path: string })
      return new Environment(root, options)
    } catch (error) {
      await root?.close()
      throw await translated(error, dir)
    }
  }

  get dir(): string {
    return this.options.dir
  }

  get closed(): boolean {
    return this.#closed
  }

  assertOpen(): void {
    if (this.#closed) throw closedError()
  }

  /**
   * Runs `action`, synchronous, inside a write transaction and resolves when that is on the disk. What `action` throws
   * undoes its own writes only. Transactions asked for in one turn of the event loop, or while another is being
   * synced, share one commit.
   * @param added upper bound of the bytes that `action` adds; 0 lets it pass even when the log is full.
   */
  async write<T>(added: number, action: () => T): Promise<T> {
    this.assertOpen()
    if (this.options.readOnly) {
      throw new BrokerError('unavailable', `The embedded log in ${this.dir} was opened for reading only.`)
    }
    try {
      // A child transaction, because only that can be undone without the others that share the commit.
      return await this.root.childTransaction(() => {
        const result = action()
        if (added > 0) this.#assertRoom(added)
        return result
      })
    } catch (error) {
      throw await translated(error, this.dir)
    }
  }

  /** As `write`, but at once and blocking: for the few steps of opening. */
  writeSync<T>(action: () => T): T {
    return this.root.transactionSync(action)
  }

  /** Live bytes: pages in use, without those that LMDB has free. Inside a transaction, as of that transaction. */
  size(): number {
    let bytes = 0
    for (const database of this.#databases()) {
      const stats = database.getStats() as Record<string, number>
      const pages =
        (stats['treeBranchPageCount'] ?? 0) +
        (stats['treeLeafPageCount'] ?? 0) +
        (stats['overflowPages'] ?? 0)
      bytes += pages * (stats['pageSize'] ?? 0)
    }
    return bytes
  }

  /**
   * Copies all of it, as of one moment, into `data.mdb` in a folder that exists, while others go on reading and writing.
   * Without the pages that LMDB has free: the copy is about `size` long.
   */
  async copyTo(folder: string): Promise<void> {
    this.assertOpen()
    try {
      await this.root.backup(folder, true)
    } catch (error) {
      throw await translated(error, folder)
    }
  }

  /** From now on everything is refused; transactions under way may still end. */
  stop(): void {
    this.#closed = true
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.root.close()
  }

  /** Counting pages costs some 100 µs, so it is done only when the bound on what was added reaches the limit. */
  #assertRoom(added: number): void {
    this.#added += added
    const limit = this.options.mapSizeBytes
    if (this.#counted + this.#added <= limit) return
    this.#counted = this.size()
    this.#added = 0
    if (this.#counted <= limit) return
    throw new BrokerError(
      'disk-full',
      `The embedded log in ${this.dir} has reached its ${limit} bytes. Raise its size limit, or shorten the topics' ` +
        'retention; nothing of this write was stored.',
      true,
    )
  }

  #checkFormat(): void {
    const stored = this.meta.get('format') as { readonly version: number } | undefined
    if (stored === undefined) {
      if (!this.options.readOnly)
        this.writeSync(() => this.meta.putSync('format', { version: FORMAT_VERSION }))
    } else if (stored.version > FORMAT_VERSION) {
      throw newerFormat(`The embedded log in ${this.dir}`, stored.version, FORMAT_VERSION)
    }
  }

  #openJson<K extends Key>(name: string): Database<unknown, K> {
    return this.#found(this.root.openDB<unknown, K>(name, { encoding: 'json' }))
  }

  #openBinary(name: string): BinaryDatabase {
    return this.#found(this.root.openDB<Buffer, Buffer>(name, { encoding: 'binary', keyEncoding: 'binary' }))
  }

  /** A reader that opens while the very first writer is still creating the databases does not find them all. */
  #found<D>(database: D | undefined): D {
    if (database !== undefined) return database
    throw new BrokerError(
      'unavailable',
      `The embedded log in ${this.dir} is still being created. Try again.`,
      true,
    )
  }

  #databases(): readonly Pick<BinaryDatabase, 'getStats'>[] {
    const { meta, topics, groups, models, weights, partitions, index, log, offsets, states } = this
    return [meta, topics, groups, models, weights, partitions, index, log, offsets, states]
  }
}
