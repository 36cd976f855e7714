import type { ForecastWriter } from '../core/forecast/format.js'
import type { ActiveModel } from './active-model.js'
import type { Part } from './part.js'

/** What of a part's rows depends on the kind of the values: from a grid step to its forecast. */
export interface StepRows {
  /** Called before the steps of a part are taken. */
  begin(): void
  /** The step enters the row of its series, and the baseline learns from it. `value` NaN: masked. @param s its number in the list */
  observe(row: number, slot: number, index: number, value: number, s: number): void
  /** Keeps what the baseline forecasts from the step. */
  keepBaseline(row: number, slot: number, index: number): void
  /** Writes what a network reads of the step that `observe` has just taken, into[at …). */
  read(
    slot: number,
    index: number,
    ts: number,
    observed: boolean,
    model: ActiveModel,
    into: Float32Array,
    at: number,
  ): void
  /** Writes what the network in use reads of the step, and of what it is to forecast, into the part's buffers. */
  fill(
    part: Part,
    row: number,
    slot: number,
    index: number,
    ts: number,
    observed: boolean,
    model: ActiveModel,
  ): void
  /**
   * Scores what was forecast for the observation in this row, then makes the forecast from it, and opens it.
   * @returns [cells], reused from call to call
   */
  forecast(part: Part, row: number, model: ActiveModel): Float64Array
}

/** What of a partition depends on the kind of its values. One implementation for each kind. */
export interface Forecaster {
  rows(capacity: number): StepRows
  /** A masked step: what was forecast for it can never be scored. */
  skip(slot: number, index: number): void
  /**
   * Writes what is published.
   * @param version of the network that made it, 0 = the baseline
   * @returns `null` where that is not in use any more, and alone could say what its forecasts mean
   */
  writer(version: number, model: ActiveModel): ForecastWriter | null
  /** The same as JSON, for whoever asks for the latest forecast. */
  json(version: number, model: ActiveModel): ForecastWriter | null
}
