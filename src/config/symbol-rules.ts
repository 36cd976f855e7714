import { isPlain } from '../core/calendar.js'
import { printDuration } from './units.js'
import type { Rule } from './rules.js'
import type { PipelineConfig } from './types.js'

/** A rule for pipelines of `kind: symbols` alone. */
function rule(
  path: string,
  broken: (pipeline: PipelineConfig) => boolean,
  value: (pipeline: PipelineConfig) => unknown,
  expected: string,
): Rule<PipelineConfig> {
  return {
    paths: [path, 'kind'],
    broken: (pipeline) => pipeline.kind === 'symbols' && broken(pipeline),
    value,
    expected: `${expected} with kind "symbols"`,
  }
}

export const symbolRules: readonly Rule<PipelineConfig>[] = [
  rule(
    'horizon',
    ({ horizon }) => horizon !== 1,
    ({ horizon }) => horizon,
    '1: it is the next symbol that is forecast',
  ),
  rule(
    'interval',
    ({ interval }) => interval !== 0,
    ({ interval }) => printDuration(interval),
    '"observations": every symbol is a step, whenever it comes,',
  ),
  rule(
    'season',
    ({ season }) => season.short !== 1 || season.long !== 1,
    ({ season }) => [season.short, season.long],
    '"none": there is no season',
  ),
  rule(
    'aggregate',
    ({ aggregate }) => aggregate !== 'none',
    ({ aggregate }) => aggregate,
    '"none": texts have no mean or sum, and none is left out,',
  ),
  rule(
    'anomalies.topic',
    ({ anomalies }) => anomalies.topic !== null,
    ({ anomalies }) => anomalies.topic,
    'nothing: a symbol lies in no interval, and is no anomaly,',
  ),
  rule(
    'metrics.series',
    ({ metrics }) => metrics.series.length > 0,
    ({ metrics }) => metrics.series,
    'no series: metrics are numbers, and symbols are texts,',
  ),
  rule(
    'model.decoder',
    ({ model }) => model.decoder !== 'direct',
    ({ model }) => model.decoder,
    '"direct": one step needs no decoder',
  ),
  rule(
    'training.imputation',
    ({ training }) => training.imputation !== 'none',
    ({ training }) => training.imputation,
    '"none": what lies between two symbols cannot be filled in',
  ),
  rule(
    'calendar.timeZone',
    ({ calendar }) => !isPlain(calendar),
    ({ calendar }) => [calendar.timeZone, ...calendar.holidays],
    '"UTC", and no calendar.holidays: symbols follow one another at any time,',
  ),
  rule(
    'covariates',
    ({ covariates }) => covariates.length > 0,
    ({ covariates }) => covariates,
    'none: networks of symbols read symbols alone,',
  ),
  rule(
    'encoding.output',
    ({ encoding }) => encoding.output !== 'json',
    ({ encoding }) => encoding.output,
    '"json": there is no other schema of named symbols',
  ),
  rule(
    'publish.format',
    ({ publish }) => publish.format !== 'wide',
    ({ publish }) => publish.format,
    '"wide": there is one step',
  ),
  rule(
    'encoding.input',
    ({ encoding }) => encoding.input === 'raw' || encoding.input === 'raw-double',
    ({ encoding }) => encoding.input,
    '"json", "avro" or "json-schema": raw values are numbers',
  ),
]
