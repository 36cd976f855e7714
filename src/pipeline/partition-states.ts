import type { PipelineConfig } from '../config/types.js'
import type { Anomaly } from '../core/anomaly.js'
import { PooledResiduals } from '../core/baseline.js'
import { DriftDetector, type DriftAlarm } from '../core/drift.js'
import { GridAligner, type GridOptions } from '../core/grid.js'
import type { KnownAhead } from '../core/known-ahead.js'
import type { NamedReading } from '../core/named-reading.js'
import { Newcomers } from '../core/newcomers.js'
import { F64, F64_WIDTH, StateLayout } from '../core/layout.js'
import { stateSize } from '../core/network-spec.js'
import { RowCodec } from '../core/row-codec.js'
import { Scoreboard } from '../core/scoreboard.js'
import { SeriesTable } from '../core/series-table.js'
import { SlotDirectory } from '../core/slots.js'
import { StepList } from '../core/steps.js'
import type { StateRow, StoredStates } from '../ports/broker.js'
import type { ActiveModel } from './active-model.js'
import type { Earlier } from './earlier-states.js'
import { LatestForecasts } from './latest-forecasts.js'
import type { Shadow, ShadowMemory } from './shadow.js'
import { PartitionSymbols } from './partition-symbols.js'
import type { Successor } from './successor.js'
import { Unsaved } from './unsaved.js'
import { encodeMeta, type PartitionMarks, type PartitionMeta } from './partition-meta.js'

const INITIAL_SLOTS = 64
/** Series forgotten with one snapshot: it must not become much longer than others. */
const MOST_FORGOTTEN = 10_000
/** Likewise, rows stored anew that only another network has changed: a successor that finds the old one can make that change itself. */
const MOST_RENEWED = 1000
/** In place of a slot: the series would be one too many. */
export const REFUSED = -1

/** What a partition knows of its series: all that a snapshot keeps and a restart brings back. */
export class PartitionStates {
  readonly layout: StateLayout
  readonly table: SeriesTable
  readonly slots = new SlotDirectory(INITIAL_SLOTS)
  readonly steps: StepList
  readonly aligner: GridAligner
  readonly pooled: PooledResiduals
  /** `null` where the values are numbers. */
  readonly symbols: PartitionSymbols | null
  /** Floats of a forecast. */
  readonly cells: number
  readonly hiddenSize: number
  /** [capacity, hiddenSize] on shared memory: the engine's thread steps it in place. */
  hidden: Float32Array
  /** Model version that each slot's hidden state was made under; −1 = none yet. */
  versions: Int32Array
  /** Embedding row of each slot's series under the network in use. */
  embedding: Int32Array
  /** Record key, and the bytes every forecast begins with (made with the first), by slot. */
  readonly keys: Uint8Array[] = []
  readonly heads: (Uint8Array | undefined)[] = []
  readonly latest: LatestForecasts
  /** Slots that came from the store with a hidden state of another network: to be re-warmed before they are stepped. */
  stale: number[] = []
  /** The network that is to take over, while there is one. */
  successor: Successor | null = null
  /** Beside the network in use, while there is one. */
  shadow: Shadow | null = null
  /** Of the one that was stored, until it goes on. */
  shadowed: ShadowMemory | null = null
  marks: PartitionMarks = {}
  /** What is known of covariates of the steps to come; `null` where nothing is. */
  ahead: KnownAhead | null = null
  /** Signatures that stored rows may still have, beside the present one. */
  private earlier: readonly string[] = []
  /** Series whose state is only in the store. */
  spilled = 0
  readonly newcomers: Newcomers
  readonly drift: DriftDetector
  /** Of what was published, and of the baseline. */
  readonly scores: Scoreboard
  /** Raised since they were last told of. */
  readonly alarms: DriftAlarm[] = []
  /** Reported since they were last told of. */
  readonly anomalies: Anomaly[] = []
  /** Of the named series, what has come since it was last told of; of each the newest. */
  readonly named = new Map<string, NamedReading>()
  private readonly codec: RowCodec
  private readonly unsaved = new Unsaved(INITIAL_SLOTS)
  /** Where the search of the store for idle series has come to. */
  private sweeping: AsyncIterator<readonly StateRow[]> | undefined
  /** Where the loading of stored series has come to. */
  private filling: AsyncIterator<readonly StateRow[]> | undefined

  constructor(
    private config: PipelineConfig,
    private stored: StoredStates,
    private model: ActiveModel,
    /** Default: rolling ones. */
    scores?: Scoreboard,
  ) {
    this.layout = new StateLayout(config)
    this.newcomers = new Newcomers(config.state.maxNewSeriesPerMinute)
    this.drift = new DriftDetector(this.layout, config.training.drift)
    this.hiddenSize = stateSize(config.model)
    this.steps = new StepList(this.layout.covariateNames.length)
    this.table = new SeriesTable(this.layout, INITIAL_SLOTS)
    this.hidden = sharedFloats(INITIAL_SLOTS * this.hiddenSize)
    this.versions = new Int32Array(INITIAL_SLOTS)
    this.embedding = new Int32Array(INITIAL_SLOTS)
    const { kind, symbols, horizon, quantiles } = config
    this.scores = scores ?? new Scoreboard(this.layout, [quantiles[0]!, 0.5, quantiles.at(-1)!])
    this.scores.begin(model.version)
    this.symbols = kind === 'symbols' ? new PartitionSymbols(symbols.maxVocabulary) : null
    this.cells = this.symbols?.cells ?? horizon * quantiles.length
    this.latest = new LatestForecasts(INITIAL_SLOTS, this.cells)
    this.codec = new RowCodec(this.table, this.hiddenSize)
    this.pooled = new PooledResiduals(this.layout.lags.length, config.quantiles.length)
    this.aligner = new GridAligner(
      gridOf(config),
      this.table,
      this.steps,
      (slot) => this.touch(slot),
      (a, b) => (this.slots.name(a)! < this.slots.name(b)! ? -1 : 1),
    )
  }

  /** Goes on from what is stored, whatever it was stored for. */
  resume({ meta, states, signatures }: Earlier): void {
    this.stored = states
    this.earlier = signatures
    this.aligner.resume(meta.watermark ?? -Infinity)
    this.newcomers.resume(meta.newcomers ?? null)
    this.drift.resume(meta.drift ?? null)
    this.scores.resume(meta.scores)
    this.scores.begin(this.model.version)
    this.shadowed = meta.shadow ?? null
    this.pooled.values.set(meta.pooled.values)
    this.pooled.counts.set(meta.pooled.counts)
    if (meta.symbols !== undefined) this.symbols?.resume(meta.symbols)
  }

  /** Takes up another configuration of the same layout, between two batches. */
  reconfigure(config: PipelineConfig): void {
    this.config = config
    this.newcomers.most = config.state.maxNewSeriesPerMinute
    this.drift.options = config.training.drift
    this.aligner.options = gridOf(config)
    this.heads.fill(undefined)
  }

  /** Steps of a hidden state before the network forecasts from it. */
  get warmUp(): number {
    return this.config.model.warmUp
  }

  /** ms behind the newest time stamp from which on a series is stale. The observation grid has no clock to fall behind. */
  get staleAfter(): number {
    const { interval, stale } = this.config
    return interval > 0 ? stale.after * interval : Infinity
  }

  get bytesPerSeries(): number {
    return this.codec.bytes
  }

  /**
   * The series' slot: resident, back from the store, or new; `REFUSED` where there are too many new ones. A promise only
   * where the store is far.
   * @param arrival time stamp of its record in the log, ms
   */
  acquire(series: string, arrival: number): number | Promise<number> {
    const resident = this.slots.find(series)
    if (resident !== undefined) {
      this.slots.touch(resident)
      return resident
    }
    // What the store still has of it is of before its deletion.
    if (this.unsaved.deleted.has(series)) return this.create(series, arrival)
    const row = this.stored.get(series)
    return row instanceof Promise
      ? row.then((r) => this.return(series, r, arrival))
      : this.return(series, row, arrival)
  }

  private return(series: string, row: StateRow | null, arrival: number): number {
    if (row === null) return this.create(series, arrival)
    if (this.spilled > 0) this.spilled--
    return this.admit(series, row)
  }

  private create(series: string, arrival: number): number {
    if (!this.newcomers.admit(arrival)) return REFUSED
    this.unsaved.deleted.delete(series)
    const slot = this.admit(series, null)
    this.table.f64[slot * F64_WIDTH + F64.ts] = Math.max(0, this.aligner.watermark)
    return slot
  }

  /** The partition has left the slot's series behind: its next observation is the first of a new series. */
  isIdle(slot: number): boolean {
    return this.isPast(this.table.f64[slot * F64_WIDTH + F64.ts]!) && !this.aligner.isOpen(slot)
  }

  private isPast(newest: number): boolean {
    const { ttl } = this.config.state
    return ttl > 0 && this.aligner.watermark - newest > ttl
  }

  /**
   * Forgets idle series, some at a time: those in memory, and of those that are only in the store the next few. When
   * that is makes no difference but in room, since an idle series is new to its next observation in any case.
   * @returns how many
   */
  async forgetIdle(): Promise<number> {
    if (this.config.state.ttl === 0) return 0
    const before = this.unsaved.deleted.size
    for (const [series, slot] of this.slots.entries()) {
      if (this.unsaved.deleted.size - before === MOST_FORGOTTEN) break
      if (this.isIdle(slot)) this.drop(series, slot)
    }
    if (this.spilled > 0) {
      this.sweeping ??= this.stored.load()[Symbol.asyncIterator]()
      const chunk = await this.sweeping.next()
      if (chunk.done === true) this.sweeping = undefined
      else for (const row of chunk.value) this.forgetStored(row)
    }
    return this.unsaved.deleted.size - before
  }

  private forgetStored({ series, bytes }: StateRow): void {
    if (this.slots.find(series) !== undefined || this.unsaved.deleted.has(series)) return
    if (!this.isPast(this.codec.newest(bytes))) return
    this.unsaved.deleted.add(series)
    this.spilled--
  }

  /** What the store has of series that nobody has asked for yet. They come back as spilled ones do, or with `admitStored`. */
  async leaveStored(): Promise<void> {
    this.spilled = await this.stored.count()
    this.grow(Math.min(this.spilled, this.config.state.maxResidentSeries))
    if (this.config.aggregate === 'none') return
    for await (const rows of this.stored.load()) {
      for (const row of rows) if (this.codec.isOpen(row.bytes)) this.admitSpilled(row)
    }
  }

  /**
   * Makes the next few of the stored series resident, while there is room for them.
   * @returns false: there are no more to come
   */
  async admitStored(): Promise<boolean> {
    const { maxResidentSeries } = this.config.state
    this.filling ??= this.stored.load()[Symbol.asyncIterator]()
    const chunk = await this.filling.next()
    if (chunk.done === true) return false
    for (const row of chunk.value) {
      if (this.slots.size >= maxResidentSeries) return false
      if (this.slots.find(row.series) === undefined && !this.unsaved.deleted.has(row.series))
        this.admitSpilled(row)
    }
    return true
  }

  private admitSpilled(row: StateRow): void {
    if (this.spilled > 0) this.spilled--
    this.admit(row.series, row)
  }

  /** Gives a series a slot with the state in `row`, or that of a series never seen. */
  admit(series: string, row: StateRow | null): number {
    const slot = this.slots.add(series)
    if (slot >= this.table.capacity) this.grow(2 * this.table.capacity)
    this.keys[slot] = Buffer.from(series)
    this.heads[slot] = undefined
    this.table.reset(slot)
    this.successor?.forget(slot)
    this.versions[slot] = -1
    this.embedding[slot] = this.model.embeddingOf(series)
    this.latest.drop(slot)
    if (row !== null && this.codec.read(slot, this.hidden, row.bytes)) {
      this.table.f64[slot * F64_WIDTH + F64.offset] = row.offset
      this.versions[slot] = Number(row.model)
      if (this.versions[slot] !== this.model.version) this.stale.push(slot)
      this.aligner.adopt(slot)
    }
    return slot
  }

  /**
   * Drops all that is known of a series, in memory now and in the store with the next snapshot; its next observation is
   * the first of a new series. None of its steps may be waiting. Without effect on a row that was stored
   * after the record at `offset`.
   */
  async delete(series: string, offset: number): Promise<void> {
    const slot = this.slots.find(series)
    if (slot === undefined) {
      const row = this.unsaved.deleted.has(series) ? null : await this.stored.get(series)
      if (row === null || offset <= row.offset) return
      if (this.spilled > 0) this.spilled--
      this.unsaved.deleted.add(series)
    } else if (!this.hasSeen(slot, offset)) this.drop(series, slot)
  }

  private drop(series: string, slot: number): void {
    this.aligner.forget(slot)
    this.slots.remove(slot)
    if (this.stale.length > 0) this.stale = this.stale.filter((other) => other !== slot)
    this.unsaved.deleted.add(series)
  }

  /** All that is known of a series, as a snapshot would hold it; `null`: nothing is. */
  async rowOf(series: string): Promise<StateRow | null> {
    const slot = this.slots.find(series)
    if (slot === undefined) return this.unsaved.deleted.has(series) ? null : this.stored.get(series)
    const offset = this.table.f64[slot * F64_WIDTH + F64.offset]!
    return { series, offset, model: String(this.versions[slot]), bytes: this.codec.write(slot, this.hidden) }
  }

  /** Whether something was observed of a stored series, as far as its row can be read. */
  hasValues({ bytes }: StateRow): boolean {
    return this.codec.observed(bytes) > 0
  }

  /** The slot's state differs from the stored one. */
  touch(slot: number): void {
    this.unsaved.touch(slot)
  }

  get dirtyCount(): number {
    return this.unsaved.count
  }

  /** Rows and meta as of `offset`, the last settled one; `saved` is to be called once they are durable. */
  snapshot(
    offset: number,
    meta: Pick<PartitionMeta, 'signature'>,
    mostRenewed = MOST_RENEWED,
  ): {
    meta: Uint8Array
    rows: StateRow[]
    deleted: string[]
    saved: () => void
  } {
    const { slots, deleted, saved } = this.unsaved.take(mostRenewed)
    const rows: StateRow[] = []
    for (const slot of slots) {
      const series = this.slots.name(slot)
      if (series === undefined) continue
      rows.push({
        series,
        offset,
        model: String(this.versions[slot]),
        bytes: this.codec.write(slot, this.hidden),
      })
    }
    return {
      meta: encodeMeta({
        ...meta,
        ...(this.earlier.length === 0 ? {} : { earlier: this.earlier }),
        offset,
        watermark: this.aligner.watermark,
        pooled: { values: [...this.pooled.values], counts: [...this.pooled.counts] },
        ...(this.symbols === null ? {} : { symbols: this.symbols.memory() }),
        marks: this.marks,
        newcomers: this.newcomers.memory,
        drift: this.drift.snapshot(),
        scores: this.scores.memory(),
        shadow: this.shadow?.memory() ?? this.shadowed,
      }),
      rows,
      deleted,
      saved,
    }
  }

  /** More series are resident than configured: some are to be evicted, which takes a snapshot first. */
  get crowded(): boolean {
    return this.slots.size > this.config.state.maxResidentSeries
  }

  /** Drops the least recently used series, whose states are all stored now. One with an open interval stays. */
  evict(): void {
    const target = Math.floor(this.config.state.maxResidentSeries * 0.9)
    for (const slot of this.slots.leastRecent()) {
      if (this.slots.size <= target) break
      if (this.aligner.isOpen(slot)) continue
      this.slots.remove(slot)
      this.spilled++
    }
  }

  /** A record whose effect the slot's state already holds: it was stored after that record. */
  hasSeen(slot: number, offset: number): boolean {
    return offset <= this.table.f64[slot * F64_WIDTH + F64.offset]!
  }

  /** Takes over hidden states made under another network. */
  replaceHidden(hidden: Float32Array, model: ActiveModel): void {
    this.scores.begin(model.version)
    this.hidden = hidden
    this.model = model
    for (const [series, slot] of this.slots.entries()) {
      this.versions[slot] = model.version
      this.embedding[slot] = model.embeddingOf(series)
    }
    this.unsaved.renew([...this.slots.entries()].map(([, slot]) => slot))
  }

  private grow(capacity: number): void {
    if (capacity <= this.table.capacity) return
    this.table.grow(capacity)
    this.hidden = wider(this.hidden, sharedFloats(capacity * this.hiddenSize))
    this.versions = wider(this.versions, new Int32Array(capacity))
    this.embedding = wider(this.embedding, new Int32Array(capacity))
    this.latest.grow(capacity)
    this.unsaved.grow(capacity)
    this.successor?.grow(capacity)
  }
}

function gridOf({ interval, aggregate, allowedLateness, gaps }: PipelineConfig): GridOptions {
  return { interval, aggregate, allowedLateness, maxGapSteps: gaps.maxSteps }
}

/** `next` with what `old` holds at its beginning. */
export function wider<T extends Float32Array | Float64Array | Int32Array | Uint8Array>(old: T, next: T): T {
  next.set(old)
  return next
}

export function sharedFloats(length: number): Float32Array {
  return new Float32Array(new SharedArrayBuffer(length * 4))
}
