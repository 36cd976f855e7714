import type { PipelineConfig } from '../../config/types.js'
import type { Forecast } from '../../core/forecast/format.js'
import { ringHistory } from '../../core/series-reading.js'
import type { SchemaLookup } from '../../core/value-format.js'
import type { Broker } from '../../ports/broker.js'
import type { Clock } from '../../ports/clock.js'
import type {
  Beside,
  SeriesForecasts,
  SeriesHistory,
  SeriesNews,
  SeriesPage,
  SeriesQuery,
  SeriesState,
  SeriesSteps,
  TimeRange,
  WhatIf,
} from '../../ports/control/series.js'
import type { ActiveModel } from '../active-model.js'
import { NOTHING_STORED } from '../continuation.js'
import type { ToldForecast } from '../outlet.js'
import type { PartitionRuntime } from '../partition-runtime.js'
import { PartitionStates } from '../partition-states.js'
import { pastForecasts, type Past } from './past-forecasts.js'
import { pastObservations } from './past-observations.js'
import { SeriesList } from './series-list.js'
import { stepRows } from './step-rows.js'
import { stateOf } from './summary.js'
import { Turns } from './turns.js'
import { ViewedList } from './viewed.js'
import { whatIf } from './what-if.js'

export interface SeriesSources {
  readonly config: () => PipelineConfig
  readonly broker: Pick<Broker, 'describe' | 'read'>
  readonly clock: Clock
  readonly lookup: SchemaLookup | null
  /** Partitions that this process owns now. */
  readonly runtimes: () => readonly PartitionRuntime[]
  readonly model: () => ActiveModel
}

/** What somebody supposes takes the engine a tenth of the time at most. */
const REST = 9

/** What can be seen of a pipeline's series. It changes nothing. */
export class SeriesView {
  /** Told of what comes of them, for as long as somebody looks. */
  readonly viewed = new ViewedList()
  private readonly names: SeriesList
  private readonly reading = new Turns()
  private readonly supposing = new Turns(REST)

  constructor(private readonly from: SeriesSources) {
    const states = (): PartitionStates[] => from.runtimes().map(({ partition }) => partition.states)
    this.names = new SeriesList(states, from.clock)
  }

  list(query: SeriesQuery): Promise<SeriesPage> {
    return this.names.page(query)
  }

  async state(series: string): Promise<SeriesState | null> {
    const config = this.from.config()
    const model = this.from.model()
    const where = { cell: config.model.cell, version: model.version }
    const home = this.homeOf(series)
    if (home !== null) {
      const { runtime, slot } = home
      const partition = runtime.lease.partition
      return stateOf(runtime.partition.states, slot, { ...where, partition, place: 'resident' })
    }
    for (const { lease, partition } of this.from.runtimes()) {
      const row = await partition.states.rowOf(series)
      if (row === null) continue
      const states = new PartitionStates(config, NOTHING_STORED, model)
      states.aligner.resume(partition.states.aligner.watermark)
      const slot = states.admit(series, row)
      return stateOf(states, slot, { ...where, partition: lease.partition, place: 'stored' })
    }
    return null
  }

  async history(series: string, range: TimeRange): Promise<SeriesHistory> {
    const home = this.homeOf(series)
    const ring = home === null ? [] : ringHistory(home.runtime.partition.states.table, home.slot)
    const recent = ring.filter(([ts]) => ts >= range.from && ts <= range.to)
    const reaches = ring[0] !== undefined && ring[0][0] <= range.from
    if (reaches || recent.length >= range.limit) {
      return { observations: recent.slice(-range.limit), complete: recent.length <= range.limit && reaches }
    }
    const { broker, lookup } = this.from
    return this.reading.take(() => pastObservations(broker, this.from.config(), lookup, series, range))
  }

  async forecasts(series: string, range: TimeRange): Promise<SeriesForecasts> {
    const past = await this.published(series, range)
    const { baseline, challenger } = this.beside(series)
    const newest = past.forecasts.at(-1)
    const comparable = (one: Forecast | null): Forecast | null =>
      one !== null && one.origin === newest?.origin && one.model !== newest.model ? one : null
    return { ...past, baseline: comparable(baseline), challenger: comparable(challenger) }
  }

  async steps(series: string, step: number, range: TimeRange): Promise<SeriesSteps> {
    const { interval, horizon } = this.from.config()
    if (step > horizon) return { rows: [], complete: true }
    const ahead = step * interval
    const origins = { ...range, from: range.from - ahead, to: range.to - ahead }
    const { forecasts, complete } = await this.published(series, origins)
    return { rows: stepRows(forecasts, step, interval), complete }
  }

  /** What would be forecast if these values came next; the series stays as it is. `null`: there is none of it here. */
  whatIf(series: string, values: readonly number[]): Promise<WhatIf | null> {
    return this.supposing.take(() => this.suppose(series, values))
  }

  private async suppose(series: string, values: readonly number[]): Promise<WhatIf | null> {
    const config = this.from.config()
    if (config.kind === 'symbols') return { kind: 'refused', why: 'its values are symbols, not numbers' }
    const home = this.homeOf(series)?.runtime
    for (const runtime of home === undefined ? this.from.runtimes() : [home]) {
      const fork = await runtime.fork(series)
      if (fork === null) continue
      try {
        return await whatIf(fork, config, values, this.from.clock)
      } catch (error) {
        if (fork.model === this.from.model()) throw error
        // Its network was released meanwhile for another one.
        return this.suppose(series, values)
      }
    }
    return null
  }

  /** What has come later than `ts`; from the first call on nothing is missed. */
  since(series: string, ts: number): SeriesNews {
    return this.viewed.look(series).since(ts)
  }

  /** From memory, where somebody has looked at the series lately, else from the output topic. */
  private async published(series: string, range: TimeRange): Promise<Past> {
    const viewed = this.viewed.look(series)
    const { broker, lookup } = this.from
    return (
      viewed.within(range) ??
      this.reading.take(async () => {
        // Whoever waited may find that it has been read meanwhile.
        const kept = viewed.within(range)
        if (kept !== null) return kept
        const past = await pastForecasts(broker, this.from.config(), lookup, series, range)
        if (range.to === Infinity) viewed.addPast(past.forecasts, past.from)
        return past
      })
    )
  }

  /** What the baseline and a network in the shadow say of a resident series. */
  beside(series: string): Beside {
    const home = this.homeOf(series)
    if (home === null) return { baseline: null, challenger: null }
    const { runtime, slot } = home
    return {
      baseline: parsed(runtime.partition.baselineNow(slot)),
      challenger: parsed(runtime.shadow?.latest(series) ?? null),
    }
  }

  /** Of a series that moved, as its topic got more partitions, where its newest observation is. */
  private homeOf(series: string): { readonly runtime: PartitionRuntime; readonly slot: number } | null {
    let home: { readonly runtime: PartitionRuntime; readonly slot: number } | null = null
    for (const runtime of this.from.runtimes()) {
      const slot = runtime.partition.states.slots.find(series)
      if (slot !== undefined) home = { runtime, slot }
    }
    return home
  }
}

function parsed(told: ToldForecast | null): Forecast | null {
  return told === null ? null : (JSON.parse(told.json) as Forecast)
}
