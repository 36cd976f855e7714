import type { Rule } from './rules.js'
import type { PipelineConfig } from './types.js'

export const surroundingsRules: readonly Rule<PipelineConfig>[] = [
  {
    paths: ['futureCovariates.names', 'covariates', 'futureCovariates.topic'],
    broken: ({ covariates, futureCovariates }) =>
      futureCovariates.names.some((name) => !covariates.includes(name)),
    value: ({ futureCovariates }) => futureCovariates.names,
    expected: 'names that stand in covariates, too',
  },
  {
    paths: ['futureCovariates.topic', 'covariates', 'futureCovariates.names'],
    broken: ({ futureCovariates }) => futureCovariates.topic !== null && futureCovariates.names.length === 0,
    value: ({ futureCovariates }) => futureCovariates.topic,
    expected: 'nothing without covariates: their names say what is read of it',
  },
  {
    paths: ['futureCovariates.topic', 'interval'],
    broken: ({ interval, futureCovariates }) => interval === 0 && futureCovariates.topic !== null,
    value: ({ futureCovariates }) => futureCovariates.topic,
    expected: 'nothing with interval "observations": nobody knows when the next ones come',
  },
  {
    paths: ['futureCovariates.topic', 'topic', 'output', 'deadLetter', 'anomalies.topic'],
    broken: ({ topic, output, deadLetter, anomalies, futureCovariates }) =>
      [topic, output, deadLetter, anomalies.topic].some(
        (name) => name !== null && name === futureCovariates.topic,
      ),
    value: ({ futureCovariates }) => futureCovariates.topic,
    expected: 'another topic than those of input, forecasts, dead letters and anomalies',
  },
]
