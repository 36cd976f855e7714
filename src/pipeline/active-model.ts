import type { CellKind } from '../core/network-spec.js'
import type { LoadedNetwork } from '../ports/engine.js'

/** Who forecasts a pipeline now: a network that has earned it, or the baseline alone. */
export interface ActiveModel {
  /** 0 = the baseline. */
  readonly version: number
  readonly network: LoadedNetwork | null
  /** Newest time stamp (ms) it was trained on. From its forecasts of what it knows, calibration learns nothing. */
  readonly trainedTo: number
  /** Embedding row of a series, 0 = unknown to the network. */
  embeddingOf(series: string): number
  /** Number of a symbol in the network's vocabulary, 0 = unknown to it. */
  symbolOf(symbol: string): number
}

export const BASELINE: ActiveModel = {
  version: 0,
  network: null,
  trainedTo: Infinity,
  embeddingOf: () => 0,
  symbolOf: () => 0,
}

export function networkModel(version: number, network: LoadedNetwork, trainedTo: number): ActiveModel {
  const rows = new Map(network.spec.series.map((series, i) => [series, i + 1]))
  const numbers = new Map(network.spec.symbols?.map((symbol, i) => [symbol, i + 1]))
  return {
    version,
    network,
    trainedTo,
    embeddingOf: (series) => rows.get(series) ?? 0,
    symbolOf: (symbol) => numbers.get(symbol) ?? 0,
  }
}

/** The published name: `name@version`. */
export function modelLabel(version: number, cell: CellKind): string {
  return version === 0 ? 'baseline@1' : `${cell}@${String(version)}`
}
