import type { LiveAccuracy } from '../control.js'
import type { Forecast } from '../../core/forecast/format.js'

/** Too much is being asked for at once; nothing of this was done. */
export class TooBusy extends Error {
  override readonly name = 'TooBusy'
  constructor() {
    super('too many requests of this kind wait already')
  }
}

/** What the outside sees of the series of the pipelines in this process. `undefined`: no such pipeline; `null`: no such series. */
export interface SeriesControl {
  list(pipeline: string, query: SeriesQuery): Promise<SeriesPage | undefined>
  state(pipeline: string, series: string): Promise<SeriesState | null | undefined>
  /** Newest observations within the range, oldest first. Of a series that nothing is known of: none. */
  history(pipeline: string, series: string, range: TimeRange): Promise<SeriesHistory | undefined>
  /** Newest forecasts as they were published, by their origins within the range, oldest first. */
  forecasts(pipeline: string, series: string, range: TimeRange): Promise<SeriesForecasts | undefined>
  /** What was forecast so many steps ahead for each time within the range. */
  steps(pipeline: string, series: string, step: number, range: TimeRange): Promise<SeriesSteps | undefined>
  /**
   * What would be forecast if these values came next, a grid step each; NaN: missing. The series stays as it is. At most
   * `MOST_SUPPOSED` values. Rejects with `TooBusy`.
   */
  whatIf(pipeline: string, series: string, values: readonly number[]): Promise<WhatIf | null | undefined>
  /** What has come of a series later than `ts` (ms); from the first call on nothing is missed while calls go on. */
  since(pipeline: string, series: string, ts: number): SeriesNews | undefined
  /** What others than the one that publishes say of a series from its newest observation. */
  beside(pipeline: string, series: string): Beside | undefined
}

export const SERIES_ORDERS = ['series', 'error', 'anomaly', 'newest', 'stale'] as const
/** `error`: worst MASE first; `anomaly`: most anomalous first; `newest`: by the newest observation; `stale`: oldest first. */
export type SeriesOrder = (typeof SERIES_ORDERS)[number]

/** A value as it was observed, of symbols its text; `null`: missing. */
export type Observed = number | string | null

export interface SeriesQuery {
  /** Part of a name, upper and lower case alike; empty: all. */
  readonly search: string
  readonly sort: SeriesOrder
  readonly offset: number
  readonly limit: number
}

export interface SeriesPage {
  /** Series that were found. Those that are only in the store, since they have long been idle, are not looked at. */
  readonly total: number
  readonly items: readonly SeriesSummary[]
}

export interface SeriesSummary {
  readonly series: string
  readonly observations: number
  /** Time stamp (ms) of the newest observation, and its value; `null` before the first. */
  readonly lastAt: number | null
  readonly lastValue: Observed
  /** Rolling scores of what was published; `null` until something could be scored. */
  readonly mase: number | null
  readonly coverage: number | null
  /** Of the newest observation: above 1 it lay outside its forecast's interval. */
  readonly anomalyScore: number | null
  /** Others of its partition have gone on without it. */
  readonly stale: boolean
}

export interface SeriesState extends SeriesSummary {
  readonly partition: number
  /** `resident`: in memory; `stored`: only in the store, until its next observation. */
  readonly place: 'resident' | 'stored'
  /** `name@version` of what forecasts it next, `baseline` included. */
  readonly model: string
  /** Grid steps since its hidden state last started from zero or was rebuilt from recent observations. */
  readonly warmSteps: number
  /** Steps a hidden state needs before the network forecasts from it. */
  readonly warmUp: number
  /** Network version that the hidden state was made under; `null` while there is none. */
  readonly hiddenState: string | null
  readonly scaler: {
    readonly mean: number
    readonly scale: number
    /** Mean |x_t − x_{t−season}|, MASE's unit. */
    readonly naiveError: number
  }
  /** Rolling scores by horizon, such as steps `2-6`, ascending; empty of symbols. */
  readonly accuracy: LiveAccuracy['horizons']
  /** Offset of the record up to which the state was stored when it was last loaded; −1: not since it was first seen. */
  readonly loadedAt: number
  readonly bytes: number
}

export interface TimeRange {
  /** ms, both inclusive. */
  readonly from: number
  readonly to: number
  readonly limit: number
}

export interface SeriesHistory {
  /** [time stamp (ms), value] */
  readonly observations: readonly (readonly [number, Observed])[]
  /** False: there may be older ones within the range, further back in the topic than is read for a request. */
  readonly complete: boolean
}

export interface SeriesForecasts extends Beside {
  readonly forecasts: readonly Forecast[]
  readonly complete: boolean
}

/** Forecasts that are there for comparison, and are not published. */
export interface Beside {
  /** `null` where it is unknown; beside forecasts, also where it has made the newest of them. */
  readonly baseline: Forecast | null
  /** Of the network that runs in the shadow; `null` where none does, or not on this series. */
  readonly challenger: Forecast | null
}

export interface SeriesSteps {
  /** [target time (ms), value by quantile level], oldest first. */
  readonly rows: readonly (readonly [number, Readonly<Record<string, number>>])[]
  readonly complete: boolean
}

export interface SeriesNews {
  /** Oldest first; of very many the newest. */
  readonly observations: SeriesHistory['observations']
  /** The newest one, as the contract's JSON; `null` where none has been published. */
  readonly forecast: string | null
}

/** Values of a what-if, at most. */
export const MOST_SUPPOSED = 256

export type WhatIf =
  | { readonly kind: 'forecast'; readonly forecast: Forecast }
  /** In words. */
  | { readonly kind: 'refused'; readonly why: string }
