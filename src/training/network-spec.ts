import { isPlain } from '../core/calendar.js'
import { calendarSlots, stepWidth, targetFeatures, WEEKDAYS } from '../core/target-index.js'
import type { SeriesHistory } from '../core/history.js'
import { StateLayout, type SeriesShape } from '../core/layout.js'
import type { Activation, CellKind, DecoderKind, NetworkSpec } from '../core/network-spec.js'

/** Series that get an embedding of their own; the rest are served as unknown. */
const MAX_KNOWN_SERIES = 4096
const EMBEDDING = 4
/** A year's rhythm can be told from a trend only when some of it has come twice. */
const ANNUAL_SPAN = 1.5 * 365.2425 * 86_400_000

/** What of a network is chosen by its pipeline's configuration. */
export interface ModelChoice {
  readonly cell: CellKind
  readonly activation: Activation
  readonly layers: number
  readonly hidden: number
  readonly residual?: boolean
  readonly decoder?: DecoderKind
  readonly samples?: number
  readonly temperature?: number
  /** While training only. */
  readonly dropout?: number
}

/** What kind of network a pipeline's data call for. */
export function networkSpec(
  histories: readonly SeriesHistory[],
  shape: SeriesShape,
  model: ModelChoice,
): NetworkSpec {
  const layout = new StateLayout(shape)
  const features = targetFeatures(layout)
  const known = [...histories].sort((a, b) => observations(b) - observations(a)).slice(0, MAX_KNOWN_SERIES)
  const nonNegative = known.map((history) => history.values.every((value) => !(value < 0)))
  return {
    cell: model.cell,
    ...(model.cell === 'rnn' ? { activation: model.activation } : {}),
    layers: model.layers,
    hidden: model.hidden,
    ...(model.residual === true ? { residual: true } : {}),
    ...(model.decoder === 'autoregressive'
      ? { decoder: { samples: model.samples ?? 0, temperature: model.temperature ?? 1 } }
      : {}),
    inputs: stepWidth(layout),
    horizon: shape.horizon,
    quantiles: shape.quantiles,
    targetFeatures: features.all,
    mixture: features.mixture,
    slots: calendarSlots(layout),
    weekdays: WEEKDAYS,
    embedding: known.length > 1 ? EMBEDDING : 0,
    series: known.map((history) => history.series),
    kind: layout.kind,
    season: shape.season,
    interval: shape.interval,
    nonNegative: [nonNegative.every(Boolean), ...nonNegative],
    annual: layout.kind === 'seasonal' && span(histories) >= ANNUAL_SPAN,
    ...surroundingsOf(shape),
  }
}

/** What of the calendar and of covariates a network reads; nothing where it is configured for none. */
function surroundingsOf({ calendar, covariates = [], futureCovariates }: SeriesShape): Partial<NetworkSpec> {
  const { names = [] } = futureCovariates ?? {}
  return {
    ...(calendar === undefined || isPlain(calendar) ? {} : { calendar }),
    ...(covariates.length === 0 ? {} : { covariates }),
    ...(names.length === 0 ? {} : { futureCovariates: { names } }),
  }
}

function observations(history: SeriesHistory): number {
  return history.values.reduce((count, value) => count + (value === value ? 1 : 0), 0)
}

function span(histories: readonly SeriesHistory[]): number {
  const first = histories.reduce((least, history) => Math.min(least, history.ts[0] ?? Infinity), Infinity)
  const last = histories.reduce((most, history) => Math.max(most, history.ts.at(-1) ?? -Infinity), -Infinity)
  return last - first
}
