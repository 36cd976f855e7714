import type { PipelineConfig } from '../config/types.js'
import { Decoder, TOMBSTONE } from '../core/decode.js'
import type { SchemaLookup } from '../core/value-format.js'
import type { KnownAhead } from '../core/known-ahead.js'
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
 * @param ahead what is known of covariates of the steps to come
 */
export async function readHistories(
  broker: Pick<Broker, 'describe' | 'read'>,
  config: PipelineConfig,
  range: HistoryRange,
  lookup: SchemaLookup | null = null,
  vocabulary: Vocabulary | null = null,
  ahead: KnownAhead | null = null,
): Promise<SeriesHistory[]> {
  const partitions = await broker.describe(config.topic)
  const histories: SeriesHistory[] = []
  const records = partitions?.reduce((sum, { earliest, end }) => sum + (end - earliest), 0) ?? 0
  const share = Math.min(1, (range.maxRecords || records) / Math.max(1, records))
  for (const [partition, { earliest, end }] of (partitions ?? []).entries()) {
    const part = { ...range, fromOffset: Math.floor(end - share * (end - earliest)) }
    histories.push(...(await readPartition(broker, config, partition, part, lookup, vocabulary)))
  }
  return histories.map((history) => foretold(history, config, ahead))
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
  const layout = new StateLayout(config)
  const table = new SeriesTable(layout, 64)
  const C = layout.covariateNames.length
  const slots = new SlotDirectory(64)
  const steps = new StepList(C)
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
      const covariates = steps.covariates.subarray(i * C, (i + 1) * C)
      const builder = builders[steps.slots[i]!]!
      builder.add(steps.index[i]!, steps.ts[i]!, steps.value[i]!, steps.skipped[i]!, covariates)
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
        builders[slot] = new HistoryBuilder(series, interval, C)
      }
      grid.accept(slot, ts, value, 0, decoder.covariates)
    }
    build()
  }
  return builders.filter((builder) => builder.length > 0).map((builder) => builder.build())
}

/** With what was known ahead of its steps and those after its end; it also stands for what its records do not have. */
function foretold(history: SeriesHistory, config: PipelineConfig, known: KnownAhead | null): SeriesHistory {
  const { ahead: numbers, covariateNames } = new StateLayout(config)
  const { covariates, start, values } = history
  if (known === null || covariates === undefined || numbers.length === 0) return history
  const steps = values.length + config.horizon
  const ahead = new Float32Array(steps * numbers.length)
  known.window(history.series, start, steps, ahead, 0)
  for (let t = 0; t < values.length; t++) {
    numbers.forEach((c, k) => {
      const at = t * covariateNames.length + c
      if (Number.isNaN(covariates[at])) covariates[at] = ahead[t * numbers.length + k]!
    })
  }
  return { ...history, covariates, ahead }
}

/** Collects one series' steps; memory doubles as it grows. */
class HistoryBuilder {
  length = 0
  private start = 0
  private values = new Float64Array(256)
  private ts = new Float64Array(256)
  /** [length, width] */
  private covariates: Float32Array<ArrayBuffer>
  private readonly missing: Float32Array

  constructor(
    private readonly series: string,
    private readonly interval: number,
    /** Number of covariates. */
    private readonly width: number,
  ) {
    this.covariates = new Float32Array(256 * width)
    this.missing = new Float32Array(width).fill(NaN)
  }

  add(index: number, ts: number, value: number, skipped: number, covariates: ArrayLike<number>): void {
    if (skipped > LONGEST_GAP) this.length = 0
    else for (let i = index - skipped; i < index; i++) this.push(i, i * this.interval, NaN, this.missing)
    this.push(index, ts, value, covariates)
  }

  build(): SeriesHistory {
    const { series, start, length, width } = this
    const covariates = this.covariates.slice(0, length * width)
    return {
      ...{ series, start, values: this.values.slice(0, length), ts: this.ts.slice(0, length) },
      ...(width === 0 ? {} : { covariates }),
    }
  }

  private push(index: number, ts: number, value: number, covariates: ArrayLike<number>): void {
    if (this.length === 0) this.start = index
    if (this.length === this.values.length) {
      const values = new Float64Array(2 * this.length)
      const stamps = new Float64Array(2 * this.length)
      values.set(this.values)
      stamps.set(this.ts)
      const wider = new Float32Array(2 * this.covariates.length)
      wider.set(this.covariates)
      this.values = values
      this.ts = stamps
      this.covariates = wider
    }
    this.values[this.length] = value
    this.covariates.set(covariates, this.length * this.width)
    this.ts[this.length++] = ts
  }
}
