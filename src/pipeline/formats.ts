import type { PipelineConfig } from '../config/types.js'
import { recordsPerForecast } from '../core/forecast/format.js'
import type { Grid } from '../core/forecast/cut.js'
import { forecastSchema, valueSubject } from '../core/forecast/schemas.js'
import { frameOf, type SchemaLookup } from '../core/value-format.js'
import { RegistryError, type SchemaRegistry } from '../ports/schema-registry.js'

/** What a pipeline needs to read and write values, beyond its configuration. */
export interface Formats {
  /** `null` where there is no registry. */
  readonly lookup: SchemaLookup | null
  /** What stands before the value of each forecast. */
  readonly frame: Uint8Array
  /** What is published of a forecast; absent: all of it. */
  readonly form?: Grid
}

export const PLAIN: Formats = { lookup: null, frame: new Uint8Array() }

/** Registers the schema of the pipeline's forecasts, or finds it. Rejects with `RegistryError`. */
export async function agreeOnFormats(
  config: PipelineConfig,
  registry: SchemaRegistry | null,
): Promise<Formats> {
  const schema = forecastSchema(config)
  const { horizon, quantiles } = config
  const form = { horizon, quantiles }
  if (registry === null) {
    if (schema === null) return { ...PLAIN, form }
    throw new RegistryError('invalid', `forecasts of ${config.name} take a schema registry`)
  }
  const lookup: SchemaLookup = (id) => registry.schema(id)
  if (schema === null) return { ...PLAIN, lookup, form }
  return { lookup, form, frame: frameOf(await registry.idOf(valueSubject(config.output), schema)) }
}

/** Published records that are settled at once: what they take in memory, and how long a transaction lasts, stay bounded. */
const MOST_OUTPUTS = 50_000

/** Most records of the input that are taken at once. */
export function mostRecords(config: PipelineConfig): number {
  const each = recordsPerForecast(config) + (config.anomalies.topic === null ? 0 : 1)
  const most = Math.max(1, Math.floor(MOST_OUTPUTS / each))
  return Math.min(config.batch.maxRecords, most)
}
