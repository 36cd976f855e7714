import { InvalidArgumentError } from 'commander'
import { formats } from '../../config/formats.js'
import { loadConfig } from '../../config/load.js'
import type { Config } from '../../config/types.js'
import { CELLS, type CellKind } from '../../core/network-spec.js'
import type { BacktestRequest } from '../../ports/control/backtests.js'

/** A configuration with the one pipeline that a backtest is of. Rejects as any configuration is. */
export function backtestConfig(
  { interval, season, horizon }: BacktestRequest,
  env: Readonly<Record<string, string | undefined>>,
): Config {
  const steps = season.split(',').map(Number)
  const pipeline = { topic: 'data', interval, season: steps, horizon, training: { enabled: false } }
  return loadConfig({ files: [], text: JSON.stringify({ pipelines: { network: pipeline } }), env })
}

/** What a retraining waits for: a duration (ms), or steps of the grid. */
export type RetrainEvery = { readonly ms: number } | { readonly steps: number }

/** Throws an `InvalidArgumentError`. */
export function retrainEveryOf(text: string): RetrainEvery {
  const steps = Number(text)
  if (Number.isSafeInteger(steps) && steps > 0) return { steps }
  const ms = formats.duration.parse(text)
  if (typeof ms === 'number' && ms > 0) return { ms }
  throw new InvalidArgumentError('Expected a duration such as 28d, or a whole number of steps above 0.')
}

/** Throws an `InvalidArgumentError` where it names what is no network. */
export function requestedNetworks({ compare }: BacktestRequest, config: Config): readonly CellKind[] {
  return compare === undefined ? [config.pipelines[0]!.model.cell] : networksOf(compare)
}

/**
 * The networks to compare, such as `gru,lstm`; the baseline may be named, and is there anyway.
 * Throws an `InvalidArgumentError`.
 */
export function networksOf(text: string): readonly CellKind[] {
  const names = text.split(',').map((name) => name.trim())
  const cells = names.filter((name) => name !== 'baseline')
  const known = (name: string): name is CellKind => (CELLS as readonly string[]).includes(name)
  if (cells.every(known) && new Set(names).size === names.length) return cells
  throw new InvalidArgumentError(`Expected some of ${CELLS.join(', ')} and baseline, each once.`)
}
