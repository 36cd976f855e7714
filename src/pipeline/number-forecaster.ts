import type { PipelineConfig } from '../config/types.js'
import { AnomalyDetector } from '../core/anomaly.js'
import { Arrivals } from '../core/arrivals.js'
import { baselineForecast, learnResiduals } from '../core/baseline.js'
import { Calibration, openForecast, skipOpen } from '../core/calibration.js'
import { covariateFeatures, observeCovariates, rowCovariates } from '../core/covariates.js'
import { headFeatures, seasonalDrift, stepInputs, type HistoryView } from '../core/features.js'
import { targetCalendar, targetFeatures, TargetIndex } from '../core/target-index.js'
import { cutWriter } from '../core/forecast/cut.js'
import type { ForecastWriter } from '../core/forecast/format.js'
import { JsonWideWriter } from '../core/forecast/json-wide.js'
import { forecastWriter } from '../core/forecast/writer.js'
import { F64, F64_WIDTH, modulo } from '../core/layout.js'
import { observe, type StepTrace } from '../core/observe.js'
import { scoreArrival } from '../core/score-arrival.js'
import type { ActiveModel } from './active-model.js'
import type { Forecaster, StepRows } from './forecaster.js'
import { PLAIN, type Formats } from './formats.js'
import type { Part } from './part.js'
import type { PartitionStates } from './partition-states.js'

/** Quantiles: by the network, calibrated, or the seasonal naive ones. */
export class NumberForecaster implements Forecaster {
  private readonly calibration: Calibration
  private readonly anomalies: AnomalyDetector
  private readonly output: ForecastWriter
  private readonly latest: ForecastWriter
  private readonly made: Float64Array
  /** Series that metrics are kept of. */
  private readonly named: ReadonlySet<string>
  /** Which of the scored steps is the last one up to `metrics.step`. */
  private readonly namedStep: number

  constructor(
    config: PipelineConfig,
    private readonly states: PartitionStates,
    { frame, form = config }: Formats,
  ) {
    const { calibration } = config
    this.calibration = new Calibration(states.layout, calibration.enabled, calibration.rate)
    // By then the baseline has had residuals as well.
    const settled = config.model.warmUp + config.season.short
    this.anomalies = new AnomalyDetector(states.layout, config.anomalies, settled)
    const published = { ...config, ...form }
    this.output = cutWriter(config, form, forecastWriter(published, frame))
    this.latest = cutWriter(config, form, new JsonWideWriter(published, PLAIN.frame))
    this.made = new Float64Array(states.cells)
    this.named = new Set(config.metrics.series)
    this.namedStep = states.layout.steps.findLastIndex((h) => h <= config.metrics.step)
  }

  rows(capacity: number): NumberRows {
    return new NumberRows(this, this.states, capacity)
  }

  /** @param baseline [capacity, cells] of the rows that the baseline forecasts */
  forecast(
    part: Part,
    row: number,
    model: ActiveModel,
    baseline: Float64Array,
    arrivals: Arrivals,
  ): Float64Array {
    const { states, made: forecast } = this
    const { table, steps } = states
    const s = part.stepOf[row]!
    const slot = steps.slots[s]!
    const index = steps.index[s]!
    const ts = steps.ts[s]!
    const byNetwork = part.byNetwork[row] === 1
    const unseen = byNetwork && ts > model.trainedTo
    if (unseen) {
      this.watchForDrift(slot, index, ts, steps.value[s]!, arrivals.naiveError(row), model.version)
    }
    if (this.named.size > 0) this.readNamed(slot, index, ts, steps.value[s]!)
    const anomaly = this.anomalies.look(table, slot, ts, steps.value[s]!, arrivals.count(row))
    if (anomaly !== null) states.anomalies.push(anomaly)
    scoreArrival(
      table,
      slot,
      index,
      steps.value[s]!,
      arrivals,
      row,
      this.calibration,
      unseen ? part.forecasting[row]! : 0,
      states.scores,
      // Where states were rebuilt for a network, its first forecast comes a step after the warm-up.
      byNetwork ? part.forecasting[row]! - 1 : Infinity,
    )
    const cells = forecast.length
    if (byNetwork && part.buffers !== null) {
      const mean = part.mean[row]!
      const scale = part.scale[row]!
      const raw = part.buffers.forecasts
      for (let i = 0, o = row * cells; i < cells; i++) forecast[i] = mean + scale * raw[o + i]!
      this.calibration.apply(table, slot, forecast, 0)
      const floors = model.network?.spec.nonNegative
      if (floors?.[states.embedding[slot]!] ?? false) {
        for (let i = 0; i < cells; i++) if (forecast[i]! < 0) forecast[i] = 0
      }
    } else {
      for (let i = 0, o = row * cells; i < cells; i++) forecast[i] = baseline[o + i]!
    }
    openForecast(table, slot, index, forecast, 0)
    return forecast
  }

  /** What was forecast one step ahead of an observation that has come, and that the network was not trained on. */
  private watchForDrift(
    slot: number,
    index: number,
    ts: number,
    value: number,
    naiveError: number,
    version: number,
  ): void {
    const { table, layout, drift, alarms } = this.states
    const median = table.f32[slot * layout.width + layout.open[0]! + 1]!
    const at = slot * F64_WIDTH
    if (median !== median || !(naiveError > 0)) return
    const seasonal = layout.long > 1 && table.f64[at + F64.count]! > layout.long
    const before = table.f32[slot * layout.width + modulo(index - layout.long, layout.ringSize)]!
    const change = seasonal ? (value - before) / naiveError : NaN
    drift.begin(version)
    const alarm = drift.add(index, ts, (value - median) / naiveError, change)
    if (alarm !== null) alarms.push(alarm)
  }

  /** Keeps what has come of a named series, and what had been forecast for it. */
  private readNamed(slot: number, index: number, ts: number, value: number): void {
    const { table, layout, slots, named } = this.states
    const series = slots.name(slot)!
    if (!this.named.has(series)) return
    const steps = layout.steps[this.namedStep]!
    const at = slot * layout.width + layout.open[this.namedStep]! + 3 * modulo(index, steps)
    const forecast = [table.f32[at]!, table.f32[at + 1]!, table.f32[at + 2]!] as const
    named.set(series, { series, ts, value, steps, forecast })
  }

  skip(slot: number, index: number): void {
    skipOpen(this.states.table, slot, index)
  }

  writer(): ForecastWriter {
    return this.output
  }

  json(): ForecastWriter {
    return this.latest
  }
}

/** Seasonal rows: scaler, profiles and residuals; inputs in the scale of now. */
class NumberRows implements StepRows {
  /** [capacity, horizon, quantiles] of the rows that the baseline forecasts. */
  private readonly baseline: Float64Array
  private readonly arrivals: Arrivals
  private readonly trace: StepTrace = { p7Before: 0, step: 0 }
  private readonly drift = { dm: 0, dpm: 0, dp: 0 }
  private readonly target: TargetIndex
  /** [horizon, covariates known ahead] */
  private readonly ahead: Float32Array
  private readonly view: { -readonly [K in keyof HistoryView]: HistoryView[K] }

  constructor(
    private readonly forecaster: NumberForecaster,
    private readonly states: PartitionStates,
    capacity: number,
  ) {
    const { layout, table } = states
    this.baseline = new Float64Array(capacity * states.cells)
    this.arrivals = new Arrivals(layout, capacity)
    this.target = new TargetIndex(layout)
    this.ahead = new Float32Array(layout.shape.horizon * layout.ahead.length)
    this.view = {
      x: table.f32,
      xAt: 0,
      xSize: layout.ringSize,
      p1: table.f32,
      p1At: 0,
      p1Size: layout.short,
      p7: table.f32,
      p7At: 0,
      p7Size: layout.long,
    }
  }

  begin(): void {
    this.view.x = this.view.p1 = this.view.p7 = this.states.table.f32
  }

  observe(row: number, slot: number, index: number, value: number, s: number): void {
    const { table, pooled } = this.states
    this.arrivals.foresee(table, slot, index, row)
    observe(table, slot, index, value, this.trace)
    this.observeCovariates(slot, index, s)
    if (value !== value) return
    this.arrivals.keep(table, slot, row)
    learnResiduals(table, slot, index, pooled)
  }

  keepBaseline(row: number, slot: number, index: number): void {
    const { table, pooled, cells } = this.states
    baselineForecast(table, slot, index, pooled, this.baseline, row * cells)
  }

  read(
    slot: number,
    index: number,
    ts: number,
    observed: boolean,
    _model: ActiveModel,
    into: Float32Array,
    at: number,
  ): void {
    stepInputs(this.states.table, slot, index, ts, observed, this.trace, into, at)
  }

  fill(
    part: Part,
    row: number,
    slot: number,
    index: number,
    ts: number,
    observed: boolean,
    model: ActiveModel,
  ): void {
    const { table, layout } = this.states
    const buffers = part.buffers!
    this.read(slot, index, ts, observed, model, buffers.inputs, row * model.network!.spec.inputs)
    if (!observed) return
    seasonalDrift(table, slot, index, this.drift)
    const rowAt = slot * layout.width
    this.view.xAt = rowAt
    this.view.p1At = rowAt + layout.p1
    this.view.p7At = rowAt + layout.p7
    const { horizon } = layout.shape
    const { width } = this.target
    const featuresAt = row * horizon * width
    headFeatures(
      this.target,
      this.view,
      index,
      ts,
      part.mean[row]!,
      part.scale[row]!,
      this.drift,
      model.network!.spec.annual,
      buffers.features,
      featuresAt,
    )
    targetCalendar(this.target, index, ts, buffers.calendar, row * horizon)
    if (this.ahead.length > 0) this.foretell(slot, index, buffers.features, featuresAt)
  }

  /** Where a record does not have a covariate that is known ahead, what was foretold of its step stands for it. */
  private observeCovariates(slot: number, index: number, s: number): void {
    const { table, layout, steps, ahead: known, slots } = this.states
    const C = layout.covariateNames.length
    if (C === 0) return
    const { ahead } = layout
    if (known !== null && ahead.some((c) => Number.isNaN(steps.covariates[s * C + c]))) {
      known.window(slots.name(slot)!, index, 1, this.ahead, 0)
      ahead.forEach((c, k) => {
        if (Number.isNaN(steps.covariates[s * C + c])) steps.covariates[s * C + c] = this.ahead[k]!
      })
    }
    observeCovariates(table, slot, index, steps.covariates, s * C)
  }

  private foretell(slot: number, index: number, features: Float32Array, at: number): void {
    const { table, layout, ahead: known, slots } = this.states
    const { target, ahead } = this
    if (known === null) ahead.fill(NaN)
    else known.window(slots.name(slot)!, index + 1, layout.shape.horizon, ahead, 0)
    const from = at + targetFeatures(layout).covariates
    covariateFeatures(target, rowCovariates(table, slot), index, ahead, 0, features, from, target.width)
  }

  forecast(part: Part, row: number, model: ActiveModel): Float64Array {
    return this.forecaster.forecast(part, row, model, this.baseline, this.arrivals)
  }
}
