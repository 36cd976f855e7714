import type { PipelineConfig } from '../config/types.js'
import type { Scoreboard } from '../core/scoreboard.js'
import type { LogRecord } from '../ports/broker.js'
import type { Clock } from '../ports/clock.js'
import type { ActiveModel } from './active-model.js'
import { emptyAdvance, type Advance } from './advance.js'
import { NOTHING_STORED, type Branch } from './continuation.js'
import type { Forecaster } from './forecaster.js'
import { PLAIN, type Formats } from './formats.js'
import { IDLE, Intake } from './intake.js'
import { NumberForecaster } from './number-forecaster.js'
import { Outlet, type ToldForecast } from './outlet.js'
import { PartitionStates, sharedFloats } from './partition-states.js'
import { Part } from './part.js'
import { Provenance } from './provenance.js'
import { rewarm } from './rewarm.js'
import { allocateBuffers, rowsFor } from './step-buffers.js'
import type { ViewedList } from './series/viewed.js'
import type { Fork } from './series/what-if.js'
import { Successor } from './successor.js'
import { SymbolForecaster } from './symbol-forecaster.js'

const BASELINE_ROWS = 1024

interface InFlight {
  readonly part: Part
  readonly done: Promise<void>
}

/** Takes the records of one partition, in order, through decode, grid, step, calibration and scoring to forecasts. */
export class Partition {
  private readonly provenance: Provenance
  private intake: Intake
  private forecaster: Forecaster
  private readonly forecast: Float64Array
  /** They take turns: one is prepared while the engine steps the other. */
  private parts: readonly [Part, Part]
  private outlet: Outlet
  model: ActiveModel

  constructor(
    private config: PipelineConfig,
    readonly states: PartitionStates,
    model: ActiveModel,
    private readonly number: number,
    private readonly clock: Clock,
    private formats: Formats = PLAIN,
    /** Bytes of the largest record that may be published. */
    private readonly maxRecordBytes = Infinity,
  ) {
    this.provenance = new Provenance(config.topic, number, states)
    this.intake = this.takeIn()
    this.forecast = new Float64Array(states.cells)
    this.forecaster = this.forecastWith()
    this.outlet = this.letOut()
    this.model = model
    this.parts = this.allocate(model)
  }

  /** Takes up another configuration between two batches: one that the layout of the states does not depend on. */
  reconfigure(config: PipelineConfig, formats: Formats): void {
    this.config = config
    this.formats = formats
    this.states.reconfigure(config)
    this.intake = this.takeIn()
    this.forecaster = this.forecastWith()
    const { viewed } = this.outlet
    this.outlet = this.letOut()
    this.outlet.viewed = viewed
    this.parts = this.allocate(this.model)
  }

  /** Whose steps are to be told beyond their publication. */
  set viewed(list: Pick<ViewedList, 'has'>) {
    this.outlet.viewed = list
  }

  /** The latest forecast of a resident series; `null` where there is none. */
  latest(series: string): ToldForecast | null {
    return this.outlet.latest(series, this.model)
  }

  /** What the baseline says of a resident series now; `null` where the newest step was no observation. */
  baselineNow(slot: number): ToldForecast | null {
    return this.outlet.baselineNow(slot, this.model)
  }

  /** A copy of a symbol series to go on from, while no batch is under way; `null` where it has had no symbol yet. */
  async branch(series: string): Promise<Branch | null> {
    const { config, states, model } = this
    const { symbols } = states
    const row = await states.rowOf(series)
    if (symbols === null || row === null || !states.hasValues(row)) return null
    const slot = states.slots.find(series)
    const made = slot === undefined ? null : states.latest.read(slot, this.forecast)
    const forecast = made?.version === model.version && model.version > 0 ? this.forecast.slice() : null
    return { config, model, row, symbols: symbols.memory(), forecast }
  }

  /** A copy of a series of numbers, while no batch is under way; `null` where nothing has been observed of it. */
  async fork(series: string): Promise<Fork | null> {
    const { states, model } = this
    const row = await states.rowOf(series)
    if (row === null || !states.hasValues(row)) return null
    const { values, counts } = states.pooled
    return { model, row, pooled: { values: values.slice(), counts: counts.slice() }, ahead: states.ahead }
  }

  get lookup(): Formats['lookup'] {
    return this.formats.lookup
  }

  /** A copy of some resident series that goes on beside this one, under a network; `scores` are its own. */
  async copy(series: readonly string[], model: ActiveModel, scores: Scoreboard): Promise<Partition> {
    const { config, number, clock, formats, states: own } = this
    const states = new PartitionStates(config, NOTHING_STORED, model, scores)
    states.aligner.resume(own.aligner.watermark)
    states.pooled.values.set(own.pooled.values)
    states.pooled.counts.set(own.pooled.counts)
    states.ahead = own.ahead
    for (const name of series) {
      const slot = states.admit(name, await own.rowOf(name))
      states.table.forgetOpen(slot)
    }
    const copy = new Partition(config, states, model, number, clock, formats)
    await copy.refresh()
    return copy
  }

  /** Re-warms what came from the store under another network. */
  private async refresh(): Promise<void> {
    const stale = this.states.stale
    if (stale.length === 0) return
    this.states.stale = []
    await rewarm(this.states, stale, this.model, this.states.hidden)
    for (const slot of stale) this.states.versions[slot] = this.model.version
  }

  /** Makes the next few of the stored series resident. @returns false: there are no more to come */
  async admitStored(): Promise<boolean> {
    const more = await this.states.admitStored()
    await this.refresh()
    return more
  }

  /** From now on a network that is to take over steps along; its states are rebuilt by calls of `rewarmSome`. */
  prepare(model: ActiveModel): void {
    if (model.network !== null) this.states.successor = new Successor(this.states, model, this.parts)
  }

  /**
   * Rebuilds some more states under the network that is to take over.
   * @param budget ms that this may take about
   * @returns whether none is left
   */
  async rewarmSome(budget: number): Promise<boolean> {
    return (await this.states.successor?.rewarmSome(budget)) ?? true
  }

  /** Takes another network into use: one that was prepared, or else every resident series is re-warmed now. */
  async swap(model: ActiveModel): Promise<void> {
    const { states } = this
    if (states.successor?.model !== model) this.prepare(model)
    const hidden =
      model.network === null ? sharedFloats(states.hidden.length) : await states.successor!.finish()
    states.successor = null
    states.replaceHidden(hidden, model)
    this.model = model
    this.parts = this.allocate(model)
  }

  /**
   * @param publish false while replaying what was published before: states advance, nothing comes out
   */
  async advance(records: readonly LogRecord[], publish: boolean): Promise<Advance> {
    await this.intake.prepare(records)
    const result = emptyAdvance()
    const { steps } = this.states
    steps.clear()
    const newBefore = this.states.newcomers.admitted
    for (let i = 0; i < records.length; i++) {
      const accepted = this.intake.accept(records[i]!, i, publish, result)
      const left = accepted instanceof Promise ? await accepted : accepted
      if (left === undefined) continue
      await this.delete(records, i, publish, result)
      if (left !== IDLE) continue
      result.forgotten++
      await this.intake.accept(records[i]!, i, publish, result)
    }
    result.newSeries = this.states.newcomers.admitted - newBefore
    this.states.scores.series = this.states.slots.size + this.states.spilled
    await this.takeSteps(records, publish, result)
    result.drift.push(...this.states.alarms.splice(0))
    result.named.push(...this.states.named.values())
    this.states.named.clear()
    return result
  }

  /** Deletes a series, after those of its observations that came before. */
  private async delete(
    records: readonly LogRecord[],
    i: number,
    publish: boolean,
    result: Advance,
  ): Promise<void> {
    const { slots, steps } = this.states
    const { series } = this.intake
    const slot = slots.find(series)
    if (slot !== undefined && steps.slots.subarray(0, steps.length).includes(slot)) {
      await this.takeSteps(records, publish, result)
    }
    await this.states.delete(series, records[i]!.offset)
  }

  /** Takes the steps that wait, and makes their forecasts. */
  private async takeSteps(records: readonly LogRecord[], publish: boolean, result: Advance): Promise<void> {
    const { steps } = this.states
    result.steps += steps.length
    await this.refresh()
    let pending: InFlight | undefined
    for (let from = 0, turn = 0; from < steps.length; turn = 1 - turn) {
      const part = this.parts[turn as 0 | 1]
      part.prepare(from, this.model)
      from = part.plan.to
      const done = this.step(part, result)
      done.catch(() => undefined) // looked at in finish; until then a rejection is not unhandled
      if (pending !== undefined) await this.finish(pending, records, publish, result)
      pending = { part, done }
    }
    if (pending !== undefined) await this.finish(pending, records, publish, result)
    steps.clear()
  }

  private async step(part: Part, result: Advance): Promise<void> {
    await Promise.all([this.stepPresent(part, result), this.states.successor?.step(part)])
  }

  private async stepPresent(part: Part, result: Advance): Promise<void> {
    const { network } = this.model
    if (network === null || part.buffers === null) return
    const before = performance.now()
    const waves = part.plan.waves.slice()
    await network.step(this.states.hidden, part.buffers, waves)
    const perRow = (performance.now() - before) / 1000 / (part.plan.to - part.plan.from)
    for (const { rows } of waves) result.waves.push({ rows, seconds: rows * perRow })
  }

  private async finish(
    { part, done }: InFlight,
    records: readonly LogRecord[],
    publish: boolean,
    result: Advance,
  ): Promise<void> {
    await done
    for (const { start, rows, observed } of part.plan.waves) {
      for (let row = start; row < start + observed; row++) {
        this.forgetAcrossGap(part.stepOf[row]!)
        this.forecastFrom(part, row, records, publish, result)
      }
      for (let row = start + observed; row < start + rows; row++) {
        const s = part.stepOf[row]!
        this.forgetAcrossGap(s)
        this.forecaster.skip(this.states.steps.slots[s]!, this.states.steps.index[s]!)
        result.masked++
        if (publish) this.outlet.skip(s, result)
      }
    }
  }

  /**
   * What was forecast before a gap too long to step through can never be scored. Dropped only here, where the forecasts
   * of earlier steps in the same part have been made; else it would depend on how records fall into batches.
   */
  private forgetAcrossGap(s: number): void {
    const { steps, table } = this.states
    if (steps.skipped[s]! > 0) table.forgetOpen(steps.slots[s]!)
  }

  /** Scores what was forecast for this observation, then makes, keeps and publishes the forecast from it. */
  private forecastFrom(
    part: Part,
    row: number,
    records: readonly LogRecord[],
    publish: boolean,
    result: Advance,
  ): void {
    const { steps, latest, anomalies } = this.states
    const s = part.stepOf[row]!
    if (steps.skipped[s]! > 0) result.resets++
    const forecast = part.rows.forecast(part, row, this.model)
    const version = part.byNetwork[row] === 1 ? this.model.version : 0
    latest.keep(steps.slots[s]!, forecast, steps.ts[s]!, version)
    const anomaly = anomalies.pop()
    if (!publish) return
    const cause = records[steps.record[s]!]!
    this.outlet.publish(s, cause, forecast, version, part.scale[row]!, anomaly, this.model, result)
  }

  private takeIn(): Intake {
    return new Intake(this.config, this.states, this.provenance, this.formats.lookup, this.maxRecordBytes)
  }

  private forecastWith(): Forecaster {
    const { config, states, formats } = this
    return states.symbols === null
      ? new NumberForecaster(config, states, formats)
      : new SymbolForecaster(config, states, states.symbols)
  }

  private letOut(): Outlet {
    const { config, states, forecaster, provenance, clock } = this
    return new Outlet(config, states, forecaster, provenance, clock)
  }

  private allocate(model: ActiveModel): readonly [Part, Part] {
    const spec = model.network?.spec
    const rows = spec === undefined ? BASELINE_ROWS : rowsFor(spec)
    const part = (): Part =>
      new Part(
        this.states,
        this.forecaster,
        rows,
        spec === undefined ? null : allocateBuffers(spec, rows),
        this.config.model.warmUp,
      )
    return [part(), part()]
  }
}
