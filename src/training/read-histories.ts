import type { PipelineConfig } from '../config/types.js'
import { Decoder, TOMBSTONE } from '../core/decode.js'
import type { SchemaLookup } from '../core/value-format.js'
import { GridAligner } from '../core/grid.js'
import type { SeriesHistory } from '../core/history.js'
import { StateLayout } from '../core/layout.js'
import { Newcomers } from '../core/newcomers.js'
import { SeriesTable } from '../core/series-table.js'
import { SlotDirectory } from '../core/slots.js'
import { StepList } from '../core/steps.js'
import type { Vocabulary } from '../core/vocabulary.js'
import type { Broker } from '../ports/broker.js'

/** A gap longer than this many steps cuts a history: what lies before it is left out. */
const LONGEST_GAP = 10_000

export interface HistoryRange {
  /** ms; records before it are left out. */
  readonly from?: number
  /** At most so many of the latest records, over all partitions; 0 = all. */
  readonly maxRecords?: number
  /** By series: time stamps (ms) from this one on are left out. */
  readonly until?: ReadonlyMap<string, number>
}

/**
 * The pipeline's input topic as series on their grids: decoded and aligned by the same code as in the stream.
 * @param vocabulary of a pipeline of symbols: takes them up, and gives them the numbers that the values are
 */
export async function readHistories(
  broker: Pick<Broker, 'describe' | 'read'>,
  config: PipelineConfig,
  range: HistoryRange,
  lookup: SchemaLookup | null = null,
  vocabulary: Vocabulary | null = null,
): Promise<SeriesHistory[]> {
  const partitions = await broker.describe(config.topic)
  const histories: SeriesHistory[] = []
  const records = partitions?.reduce((sum, { earliest, end }) => sum + (end - earliest), 0) ?? 0
  const share = Math.min(1, (range.maxRecords || records) / Math.max(1, records))
  for (const [partition, { earliest, end }] of (partitions ?? []).entries()) {
    const part = { ...range, fromOffset: Math.floor(end - share * (end - earliest)) }
    histories.push(...(await readPartition(broker, config, partition, part, lookup, vocabulary)))
  }
  return histories
}

async function readPartition(
  broker: Pick<Broker, 'read'>,
  config: PipelineConfig,
  partition: number,
  range: HistoryRange & { readonly fromOffset: number },
  lookup: SchemaLookup | null,
  vocabulary: Vocabulary | null,
): Promise<SeriesHistory[]> {
  const decoder = new Decoder(config, lookup, vocabulary)
  const table = new SeriesTable(new StateLayout(config), 64)
  const slots = new SlotDirectory(64)
  const steps = new StepList()
  // Series that the stream refused would take the trainer's memory all the same.
  const newcomers = new Newcomers(config.state.maxNewSeriesPerMinute)
  const { interval, aggregate, allowedLateness, gaps } = config
  const grid = new GridAligner(
    { interval, aggregate, allowedLateness, maxGapSteps: gaps.maxSteps },
    table,
    steps,
  )
  const builders: HistoryBuilder[] = []
  const build = (): void => {
    for (let i = 0; i < steps.length; i++) {
      builders[steps.slots[i]!]!.add(steps.index[i]!, steps.ts[i]!, steps.value[i]!, steps.skipped[i]!)
    }
    steps.clear()
  }
  for await (const records of broker.read(config.topic, partition, { fromOffset: range.fromOffset })) {
    await decoder.prepare(records)
    for (const record of records) {
      const outcome = decoder.decode(record.key, record.value, record.timestamp)
      const { series, ts, value } = decoder.out
      if (outcome === TOMBSTONE && config.tombstones === 'delete') {
        const slot = slots.find(series)
        if (slot === undefined) continue
        build()
        grid.forget(slot)
        table.reset(slot)
        builders[slot]!.length = 0
      }
      if (outcome !== null) continue
      if (ts < (range.from ?? -Infinity) || ts >= (range.until?.get(series) ?? Infinity)) continue
      let slot = slots.find(series)
      if (slot === undefined) {
        if (!newcomers.admit(record.timestamp)) continue
        slot = slots.add(series)
        table.grow(Math.max(table.capacity, 2 * slots.extent))
        table.reset(slot)
        builders[slot] = new HistoryBuilder(series, interval)
      }
      grid.accept(slot, ts, value, 0)
    }
    build()
  }
  return builders.filter((builder) => builder.length > 0).map((builder) => builder.build())
}

/** Collects one series' steps; memory doubles as it grows. */
class HistoryBuilder {
  length = 0
  private start = 0
  private values = new Float64Array(256)
  private ts = new Float64Array(256)

  constructor(
    private readonly series: string,
    private readonly interval: number,
  ) {}

  add(index: number, ts: number, value: number, skipped: number): void {
    if (skipped > LONGEST_GAP) this.length = 0
    else for (let i = index - skipped; i < index; i++) this.push(i, i * this.interval, NaN)
    this.push(index, ts, value)
  }

  build(): SeriesHistory {
    const { series, start, length } = this
    return { series, start, values: this.values.slice(0, length), ts: this.ts.slice(0, length) }
  }

  private push(index: number, ts: number, value: number): void {
    if (this.length === 0) this.start = index
    if (this.length === this.values.length) {
      const values = new Float64Array(2 * this.length)
      const stamps = new Float64Array(2 * this.length)
      values.set(this.values)
      stamps.set(this.ts)
      this.values = values
      this.ts = stamps
    }
    this.values[this.length] = value
    this.ts[this.length++] = ts
  }
}
