import type { CalendarSpec } from './calendar.js'

/**
 * How the series of a pipeline are seen by the network.
 * `seasonal`: values in units of a slow running scale, lags one season back, seasonal profiles.
 * `walk`: no season (prices): steps in units of the recent mean |step|, forecasts relative to the last value.
 * `symbols`: values are symbols of a vocabulary, by number.
 */
export type SeriesKind = 'seasonal' | 'walk' | 'symbols'

/** What the values of a pipeline are. */
export const VALUE_KINDS = ['numbers', 'symbols'] as const
export type ValueKind = (typeof VALUE_KINDS)[number]

export const CELLS = ['rnn', 'lstm', 'gru'] as const
export type CellKind = (typeof CELLS)[number]
export const ACTIVATIONS = ['tanh', 'relu'] as const
export type Activation = (typeof ACTIVATIONS)[number]
export const DECODERS = ['direct', 'autoregressive'] as const
export type DecoderKind = (typeof DECODERS)[number]

/** An encoder–decoder: a second stack unrolls over the horizon, from a copy of the carried state. */
export interface DecoderSpec {
  /**
   * Paths drawn per forecast, whose quantiles are published. 0: the quantiles are the head's own, and each step is fed with
   * the median of the one before. The two are trained differently.
   */
  readonly samples: number
  /** Spread of the draws around the median; 1: as learnt. */
  readonly temperature: number
}

/** Everything that determines a network's shapes and the meaning of its inputs; two equal specs can share states. */
export interface NetworkSpec {
  readonly cell: CellKind
  /** Of the vanilla cell (tanh where absent); the gates of the others have theirs. */
  readonly activation?: Activation
  readonly layers: number
  readonly hidden: number
  /** The input of each layer but the first is added to its output. Absent: not. */
  readonly residual?: boolean
  /** Absent: the head reads the carried state for all steps of the horizon. */
  readonly decoder?: DecoderSpec
  /** Number of inputs of the recurrent step, without the series embedding. */
  readonly inputs: number
  readonly horizon: number
  /** Ascending, odd in number, symmetric around 0.5. */
  readonly quantiles: readonly number[]
  /** Number of per-target features of the head; the first `mixture` of them are forecasts in the scale of now. */
  readonly targetFeatures: number
  readonly mixture: number
  /** Rows of the calendar tables: slots of the short season (binned), days of the week. */
  readonly slots: number
  readonly weekdays: number
  /** Width of the series embedding, 0 with a single series. Row 0 is the unknown series: all zeros. */
  readonly embedding: number
  /** Known series, in the order of their embedding rows (from 1). */
  readonly series: readonly string[]
  readonly kind: SeriesKind
  readonly season: { readonly short: number; readonly long: number }
  /** Grid step in ms; 0 for the observation grid. */
  readonly interval: number
  /** By embedding row: forecasts of that series are never below 0, because no training value was. Row 0: all of them. */
  readonly nonNegative: readonly boolean[]
  /** Day-of-year features are live: training data span at least 1.5 years. */
  readonly annual: boolean
  /** Absent: UTC, without holidays. */
  readonly calendar?: CalendarSpec
  /** Absent: none. */
  readonly covariates?: readonly string[]
  /** Those of them that are known of the steps to come. */
  readonly futureCovariates?: { readonly names: readonly string[] }
  /**
   * Only of the kind `symbols`: the vocabulary, in the order of its numbers (from 1); 0 is any other symbol. The one input
   * is a symbol's number, `embedding` the width of its embedding, and the forecast the probabilities of the next symbol.
   */
  readonly symbols?: readonly string[]
}

/** Floats per row and horizon step that a network forecasts: quantiles, or probabilities of symbol 0, 1, … */
export function outputsOf({ symbols, quantiles }: Pick<NetworkSpec, 'symbols' | 'quantiles'>): number {
  return symbols === undefined ? quantiles.length : symbols.length + 1
}

/** Width of a series' recurrent state. */
export function stateSize(spec: Pick<NetworkSpec, 'cell' | 'layers' | 'hidden'>): number {
  return spec.layers * spec.hidden * STATES[spec.cell]
}

/** What a cell carries, in units of its width: h, and with the LSTM after it C. */
export const STATES: Readonly<Record<CellKind, 1 | 2>> = { rnn: 1, lstm: 2, gru: 1 }
