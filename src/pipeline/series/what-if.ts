import type { PipelineConfig } from '../../config/types.js'
import type { Forecast } from '../../core/forecast/format.js'
import type { KnownAhead } from '../../core/known-ahead.js'
import { F64, F64_WIDTH } from '../../core/layout.js'
import type { StateRow } from '../../ports/broker.js'
import type { Clock } from '../../ports/clock.js'
import type { WhatIf } from '../../ports/control/series.js'
import type { ActiveModel } from '../active-model.js'
import { NOTHING_STORED } from '../continuation.js'
import { Partition } from '../partition.js'
import { PartitionStates } from '../partition-states.js'

/** A copy of all that a series' forecast depends on: whatever becomes of it, the series stays as it is. */
export interface Fork {
  readonly model: ActiveModel
  readonly row: StateRow
  /** Of the partition, as `PooledResiduals`. */
  readonly pooled: { readonly values: Float64Array; readonly counts: Float64Array }
  /** Of the pipeline, as it goes on. */
  readonly ahead: KnownAhead | null
}

/** Values taken at once, so that the engine soon has room for the stream again. */
const SLICE = 32
/** On the observation grid nobody knows when the next ones come: a day apart. */
const DAY = 86_400_000

/**
 * Lets a copied series go on with these values, a grid step each, through the code that the stream goes through, and says
 * what is forecast then.
 * @param values NaN: missing
 */
export async function whatIf(
  { model, row, pooled, ahead }: Fork,
  pipeline: PipelineConfig,
  values: readonly number[],
  clock: Clock,
): Promise<WhatIf> {
  const config = plain(pipeline)
  const { minValue, maxValue } = config.limits
  const wild = values.find((value) => value < minValue || value > maxValue)
  if (wild !== undefined) {
    return { kind: 'refused', why: `${wild} is out of range: limits are ${minValue} and ${maxValue}` }
  }
  const states = new PartitionStates(config, NOTHING_STORED, model)
  states.pooled.values.set(pooled.values)
  states.pooled.counts.set(pooled.counts)
  states.ahead = ahead
  const slot = states.admit(row.series, row)
  const partition = new Partition(config, states, model, 0, clock)
  let forecast: string | null = null
  partition.viewed = { has: () => true }
  const { interval } = config
  const at = slot * F64_WIDTH
  const due = states.table.f64[at + F64.due]!
  const last = states.table.f64[at + F64.ts]!
  const records = values.map((value, i) => {
    const ts = interval > 0 ? (due + 1 + i) * interval : last + (i + 1) * DAY
    return {
      offset: row.offset + 1 + i,
      timestamp: ts,
      key: Buffer.from(row.series),
      value: Buffer.from(JSON.stringify({ ts, value: Number.isNaN(value) ? null : value })),
    }
  })
  for (let from = 0; from < records.length; from += SLICE) {
    const { viewed } = await partition.advance(records.slice(from, from + SLICE), true)
    forecast = viewed.findLast((step) => step.forecast !== null)?.forecast ?? forecast
  }
  if (forecast === null) return { kind: 'refused', why: 'after missing values alone, nothing is forecast' }
  return { kind: 'forecast', forecast: JSON.parse(forecast) as Forecast }
}

/** The pipeline as far as its forecasts go: of its topics' formats and of what is done about odd records, nothing. */
function plain(config: PipelineConfig): PipelineConfig {
  return {
    ...config,
    encoding: { input: 'json', output: 'json' },
    fields: { series: '', ts: 'ts', value: 'value', covariates: 'covariates' },
    aggregate: 'none',
    allowedLateness: 0,
    publish: { ...config.publish, format: 'wide', maxAge: 0 },
    state: { ...config.state, ttl: 0, maxNewSeriesPerMinute: 0 },
  }
}
