import assert from 'node:assert/strict'
import type { PipelineConfig } from '../../src/config/types.js'
import { recordsPerForecast } from '../../src/core/forecast/format.js'
import { ForecastReader } from '../../src/core/forecast/read.js'
import type { SchemaLookup } from '../../src/core/value-format.js'
import type { Broker } from '../../src/ports/broker.js'

/** A forecast record as published. */
export interface Published {
  readonly series: string
  /** Milliseconds. */
  readonly origin: number
  readonly model: string
  readonly quantiles: Readonly<Record<string, readonly number[]>>
}

/** What was published for one series. */
export interface SeriesOutput {
  /** In the order of publication. */
  readonly origins: number[]
  readonly models: Set<string>
  last: Published
}

export async function* publishedIn(
  broker: Pick<Broker, 'describe' | 'read'>,
  config: PipelineConfig,
  lookup: SchemaLookup | null = null,
): AsyncGenerator<Published> {
  const partitions = (await broker.describe(config.output)) ?? []
  for (let partition = 0; partition < partitions.length; partition++) {
    const reader = new ForecastReader(config, lookup)
    let left = 0
    for await (const records of broker.read(config.output, partition, {})) {
      await reader.prepare(records)
      for (const { key, value } of records) {
        const forecast = reader.read(value)
        left++
        if (forecast === null) continue
        assert.equal(Buffer.from(key ?? []).toString(), forecast.series)
        left -= recordsPerForecast(config)
        yield { ...forecast, origin: Date.parse(forecast.origin) }
      }
    }
    assert.equal(left, 0, 'every record is a forecast, or a step of one that is there whole')
  }
}

/** All forecasts of a topic by series; of each series only the last is kept. */
export async function readOutputs(
  broker: Pick<Broker, 'describe' | 'read'>,
  config: PipelineConfig,
): Promise<Map<string, SeriesOutput>> {
  const outputs = new Map<string, SeriesOutput>()
  for await (const forecast of publishedIn(broker, config)) {
    const { series, origin, model } = forecast
    let output = outputs.get(series)
    if (output === undefined)
      outputs.set(series, (output = { origins: [], models: new Set(), last: forecast }))
    output.origins.push(origin)
    output.models.add(model)
    output.last = forecast
  }
  return outputs
}

/** Exactly one forecast from each of `expected`, per series in order of origin: none lost, none doubled, none else. */
export function assertExactlyOnce(
  outputs: ReadonlyMap<string, SeriesOutput>,
  expected: ReadonlyMap<string, readonly number[]>,
): void {
  assert.deepEqual([...outputs.keys()].sort(), [...expected.keys()].sort())
  for (const [series, { origins }] of outputs) {
    const wanted = expected.get(series)!
    const at = wanted.findIndex((origin, i) => origins[i] !== origin)
    const context = (i: number): string =>
      origins
        .slice(Math.max(0, i - 2), i + 3)
        .map((o) => new Date(o).toISOString())
        .join(' ')
    assert.equal(
      at,
      -1,
      `${series}: instead of ${new Date(wanted[at] ?? 0).toISOString()} there is … ${context(at)} …`,
    )
    assert.equal(origins.length, wanted.length, `${series}: forecasts beyond the last origin`)
  }
}
