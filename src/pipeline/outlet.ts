import type { PipelineConfig } from '../config/types.js'
import type { Anomaly } from '../core/anomaly.js'
import { baselineForecast } from '../core/baseline.js'
import { F64, F64_WIDTH } from '../core/layout.js'
import type { LogRecord, RecordHeaders } from '../ports/broker.js'
import type { Clock } from '../ports/clock.js'
import { modelLabel, type ActiveModel } from './active-model.js'
import type { Advance } from './advance.js'
import { anomalyRecord } from './anomaly-record.js'
import type { Forecaster } from './forecaster.js'
import type { PartitionStates } from './partition-states.js'
import type { Provenance } from './provenance.js'
import type { ViewedList } from './series/viewed.js'

/** A forecast as the contract's JSON, and its origin (ms). */
export interface ToldForecast {
  readonly ts: number
  readonly json: string
}

/** What of a partition's steps is told to others: forecasts and anomalies as records, and the news of series that are looked at. */
export class Outlet {
  /** Whose steps are to be told beyond their publication. */
  viewed: Pick<ViewedList, 'has'> = { has: () => false }
  private readonly forecast: Float64Array

  constructor(
    private readonly config: PipelineConfig,
    private readonly states: PartitionStates,
    private readonly forecaster: Forecaster,
    private readonly provenance: Provenance,
    private readonly clock: Clock,
  ) {
    this.forecast = new Float64Array(states.cells)
  }

  /** The latest forecast of a resident series; `null` where there is none. */
  latest(series: string, model: ActiveModel): ToldForecast | null {
    const { slots, latest, table } = this.states
    const slot = slots.find(series)
    const made = slot === undefined ? null : latest.read(slot, this.forecast)
    if (slot === undefined || made === null) return null
    const json = this.jsonOf(series, made.ts, made.version, this.forecast, table.scale(slot), model)
    return json === null ? null : { ts: made.ts, json }
  }

  /** What the baseline says of a resident series now; `null` where the newest step was no observation. */
  baselineNow(slot: number, model: ActiveModel): ToldForecast | null {
    const { table, pooled, symbols, slots, layout } = this.states
    const { interval } = layout.shape
    const index = table.f64[slot * F64_WIDTH + F64.index]!
    const ts = table.f64[slot * F64_WIDTH + F64.ts]!
    const observed = index === index && (interval === 0 || Math.floor(ts / interval) === index)
    if (symbols !== null || !observed) return null
    baselineForecast(table, slot, index, pooled, this.forecast, 0)
    const json = this.jsonOf(slots.name(slot)!, ts, 0, this.forecast, table.scale(slot), model)
    return json === null ? null : { ts, json }
  }

  /**
   * Puts what is published of a step into `result`.
   * @param s number of the step
   * @param cause the record that completed it
   * @param forecast [cells], only lent
   * @param version of the network that made it; 0 = the baseline
   * @param anomaly what of the observation is to be reported
   */
  publish(
    s: number,
    cause: LogRecord,
    forecast: Float64Array,
    version: number,
    scale: number,
    anomaly: Anomaly | undefined,
    model: ActiveModel,
    result: Advance,
  ): void {
    const { steps, slots, heads, keys } = this.states
    const { publish, output, model: network } = this.config
    const slot = steps.slots[s]!
    const ts = steps.ts[s]!
    const tooOld = publish.maxAge > 0 && ts < this.clock.now() - publish.maxAge
    const series = slots.name(slot)!
    if (this.viewed.has(series)) {
      const json = tooOld ? null : this.jsonOf(series, ts, version, forecast, scale, model)
      this.tell(s, series, json, result)
    }
    if (tooOld) return
    const headers = this.provenance.of(cause.offset)
    if (anomaly !== undefined) this.report(anomaly, cause, headers, result)
    result.forecasts++
    if (version > 0) result.byNetwork++
    const writer = this.forecaster.writer(version, model)
    if (writer === null) return
    const head = (heads[slot] ??= writer.head(series))
    const label = modelLabel(version, network.cell)
    for (let i = 0; i < writer.records; i++) {
      result.outputs.push({
        topic: output,
        timestamp: cause.timestamp,
        headers,
        key: keys[slot]!,
        value: writer.write(head, ts, label, forecast, scale, i),
      })
    }
  }

  /** A masked step, from which nothing is published. */
  skip(s: number, result: Advance): void {
    const { steps, slots } = this.states
    const series = slots.name(steps.slots[s]!)!
    if (this.viewed.has(series)) this.tell(s, series, null, result)
  }

  /** Tells of a step of a series that is being looked at. @param forecast as JSON; `null`: none was published from it */
  private tell(s: number, series: string, forecast: string | null, result: Advance): void {
    const { steps, symbols } = this.states
    const value = steps.value[s]!
    const observed = symbols === null ? value : symbols.vocabulary.name(value)
    result.viewed.push({
      series,
      ts: steps.ts[s]!,
      value: value === value ? (observed ?? null) : null,
      forecast,
    })
  }

  private report(anomaly: Anomaly, cause: LogRecord, headers: RecordHeaders, result: Advance): void {
    result.anomalies++
    const { topic } = this.config.anomalies
    if (topic === null) return
    result.outputs.push({
      topic,
      timestamp: cause.timestamp,
      headers,
      key: this.states.keys[anomaly.slot]!,
      value: anomalyRecord(this.config, this.states.slots.name(anomaly.slot)!, anomaly),
    })
  }

  /** `null` where what made it is gone, and alone could say what it means. */
  private jsonOf(
    series: string,
    ts: number,
    version: number,
    forecast: Float64Array,
    scale: number,
    model: ActiveModel,
  ): string | null {
    const writer = this.forecaster.json(version, model)
    if (writer === null) return null
    const label = modelLabel(version, this.config.model.cell)
    return Buffer.from(writer.write(writer.head(series), ts, label, forecast, scale, 0)).toString()
  }
}
