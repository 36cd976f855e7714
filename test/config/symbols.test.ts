import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigError } from '../../src/config/error.js'
import { pipelineConfig } from '../support/pipeline-config.js'

test('kind symbols: every observation is a step, and the next symbol is forecast', () => {
  const { interval, season, horizon, symbols } = pipelineConfig('words', { kind: 'symbols' })
  assert.deepEqual({ interval, season, horizon }, { interval: 0, season: { short: 1, long: 1 }, horizon: 1 })
  assert.deepEqual(symbols, { maxVocabulary: 256, maxLength: 64, top: 5 })
})

test('kind numbers, the default, keeps the defaults of a clocked grid', () => {
  const { kind, interval, season, horizon } = pipelineConfig('load', {})
  assert.deepEqual(
    { kind, interval, season, horizon },
    { kind: 'numbers', interval: 3_600_000, season: { short: 24, long: 168 }, horizon: 24 },
  )
})

const CONTRADICTIONS: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
  ['horizon', { horizon: 2 }],
  ['interval', { interval: '1h' }],
  ['season', { season: [24, 168] }],
  ['aggregate', { aggregate: 'mean' }],
  ['metrics.series', { metrics: { series: ['a'] } }],
  ['model.decoder', { model: { decoder: 'autoregressive' } }],
  ['training.imputation', { training: { imputation: 'bidirectional' } }],
  ['publish.format', { publish: { format: 'long' } }],
  ['encoding.input', { encoding: { input: 'raw' } }],
]

for (const [path, settings] of CONTRADICTIONS) {
  test(`kind symbols contradicts another ${path}, and the error says so`, () => {
    assert.throws(
      () => pipelineConfig('words', { kind: 'symbols', ...settings }),
      (error: unknown) =>
        error instanceof ConfigError &&
        error.problems.length === 1 &&
        error.problems[0]!.path === `pipelines.words.${path}` &&
        error.problems[0]!.expected.includes('kind "symbols"'),
    )
  })
}
