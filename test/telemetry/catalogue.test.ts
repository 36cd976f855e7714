import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Registry } from 'prom-client'
import { catalogue } from '../../src/telemetry/catalogue.js'
import type { MetricDefinition } from '../../src/telemetry/catalogue.js'
import { createMetrics } from '../../src/telemetry/metrics.js'
import { metricsReference } from '../../src/telemetry/reference.js'

const definitions = Object.values<MetricDefinition>(catalogue)

/** Labels whose values are few: one per pipeline, partition, route, or word of a closed list. */
const BOUNDED_LABELS = new Set([
  ...['pipeline', 'partition', 'reason', 'source', 'state', 'stage', 'outcome', 'method', 'route', 'status'],
  'steps', // a range of the horizon: five at most; of a named series one
  'level', // lower, median, upper
  'series', // those that the configuration names: 20 of a pipeline at most
  ...['name', 'version', 'devices', 'signals_blocked'],
])
/** Quantities without a unit, which Prometheus' conventions leave without a suffix. */
const DIMENSIONLESS = new Set([
  'tidecast_broker_trouble',
  'tidecast_pipeline_state',
  'tidecast_series_observed_value',
  'tidecast_series_forecast_value',
  'tidecast_config_hash',
  'tidecast_config_drift',
  'tidecast_config_last_reload_successful',
  'tidecast_model_version',
  'tidecast_forecast_mase',
  'tidecast_forecast_wql',
  'tidecast_forecast_bias',
  ...['mase', 'wql', 'bias'].map((score) => `tidecast_forecast_horizon_${score}`),
  'tidecast_training_state',
  'tidecast_training_loss',
  'tidecast_training_gradient_norm',
])

test('every metric has our prefix, a name of its own and a help text that is a sentence', () => {
  assert.equal(new Set(definitions.map(({ name }) => name)).size, definitions.length)
  for (const { name, help } of definitions) {
    assert.match(name, /^tidecast_[a-z][a-z0-9_]*[a-z]$/)
    assert.match(help, /^[A-Z0-9].{10,}\.$/, name)
  }
})

test('counters end in _total and nothing else does', () => {
  for (const { name, type } of definitions) assert.equal(name.endsWith('_total'), type === 'counter', name)
})

test('gauges and histograms name their base unit', () => {
  const unit = /_(seconds|bytes|records|rows|series|updates|steps|targets|ratio|info|nats)$/
  for (const { name, type } of definitions) {
    if (type !== 'counter') assert.ok(unit.test(name) || DIMENSIONLESS.has(name), name)
  }
})

test('no label can take an unbounded number of values', () => {
  for (const { name, labels } of definitions) {
    for (const label of labels) assert.ok(BOUNDED_LABELS.has(label), `${name}{${label}}`)
  }
})

test('every histogram has ascending buckets', () => {
  for (const { name, type, buckets } of definitions) {
    assert.equal(buckets !== undefined, type === 'histogram', name)
    assert.deepEqual(buckets, buckets && [...buckets].sort((a, b) => a - b), name)
  }
})

test('a registry holds the whole catalogue, and two registries do not meet', async () => {
  const [one, other] = [new Registry(), new Registry()]
  createMetrics(one).lag.set({ pipeline: 'p', partition: '0' }, 7)
  createMetrics(other)
  assert.deepEqual(
    new Set(one.getMetricsAsArray().map(({ name }) => name)),
    new Set(definitions.map(({ name }) => name)),
  )
  assert.match(await one.metrics(), /^tidecast_lag_records\{.*\} 7$/m)
  assert.doesNotMatch(await other.metrics(), /^tidecast_lag_records\{/m)
})

test('docs/metrics.md is what the catalogue says', () => {
  const page = readFileSync(new URL('../../../docs/metrics.md', import.meta.url), 'utf8')
  assert.equal(page, metricsReference(), 'write metricsReference() into docs/metrics.md')
})
