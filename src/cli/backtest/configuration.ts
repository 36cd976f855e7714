import { loadConfig } from '../../config/load.js'
import type { Config } from '../../config/types.js'
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
