import { createWriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'
import type { EmbeddedBroker } from '../../adapters/embedded/embedded-broker.js'
import type { PipelineConfig } from '../../config/types.js'
import type { Forecast } from '../../core/forecast/format.js'
import { StateLayout } from '../../core/layout.js'
import type { ModelReport } from '../../ports/control/backtest-report.js'
import type { Actuals } from './actuals.js'
import type { Examples } from './examples.js'
import { NumberScorer, type Scored } from './number-scorer.js'
import { SymbolScorer } from './symbol-scorer.js'

export interface ScoringOptions {
  readonly data: ReadonlyMap<string, Actuals>
  /** All of the file; of numbers none. */
  readonly symbols: readonly string[]
  readonly examples: Examples
  readonly stride: number
  /** File for the scored forecasts, one JSON line each. */
  readonly out?: string
}

/** Reads what a pipeline has published, and scores it. */
export async function scoreOutput(
  broker: EmbeddedBroker,
  config: PipelineConfig,
  model: ModelReport['name'],
  { data, symbols, examples, stride, out }: ScoringOptions,
): Promise<Scored> {
  const { horizon, quantiles, kind } = config
  const { buckets } = new StateLayout(config)
  const numbers = new NumberScorer(data, { horizon, quantiles, buckets, stride })
  const texts = kind === 'symbols' ? new SymbolScorer(data, symbols, stride) : null
  const scorer = texts ?? numbers
  const file = out === undefined ? undefined : createWriteStream(out)
  for await (const records of broker.read(config.output, 0, {})) {
    for (const { value } of records) {
      const json = Buffer.from(value!).toString()
      const forecast = JSON.parse(json) as Forecast
      const { series } = forecast
      const origin = Date.parse(forecast.origin)
      if (texts === null) examples.offer(model, series, origin, forecast.quantiles)
      if (!scorer.isScored(series, origin)) continue
      if (texts === null) numbers.add(series, origin, forecast.quantiles)
      else texts.add(series, origin, forecast.symbols!)
      file?.write(`${json}\n`)
    }
  }
  if (file !== undefined) {
    file.end()
    await finished(file)
  }
  return scorer.scored()
}
