import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTelemetry } from '../../src/telemetry/telemetry.js'
import { promtool, WITHOUT_PROMETHEUS } from '../support/prometheus.js'

const PIPELINES = 3
const PARTITIONS = 4
const NAMED = 20

const SCORES = { mase: 0.8, smape: 0.1, wql: 0.1, coverage: 0.8, bias: 0, targets: 100 }
const HORIZONS = ['1', '2-6', '7-24', '25-168', '169-1000']

/** A daemon's metrics with all that can be said of some pipelines. */
async function everything(): Promise<string> {
  const telemetry = createTelemetry({
    level: 'error',
    format: 'json',
    destination: { write: () => undefined },
    version: '1.2.3',
  })
  const backend = {
    name: 'tensorflow',
    version: '2',
    devices: ['cpu:0'],
    signalsBlocked: true,
    fallbacks: [],
  }
  telemetry.engine(backend)
  telemetry.configLoaded({ hash: 'abcdef' })
  telemetry.configDrift({ drift: false })
  telemetry.http({ requestId: '1', method: 'GET', route: '/metrics', status: 200, seconds: 0.01 })
  for (let i = 0; i < PIPELINES; i++) {
    const pipeline = telemetry.pipeline(`p${i}`)
    pipeline.phase('running')
    for (let partition = 0; partition < PARTITIONS; partition++) {
      pipeline.restored({ partition, series: 3, replayed: 11, seconds: 0.5 })
      pipeline.states({ partition, lag: 42, resident: 10, spilled: 4, stale: 0, bytesPerSeries: 2048 })
      pipeline.batch({
        partition,
        records: 10,
        accepted: 7,
        rejected: { late: 3 },
        forecasts: { network: 4, baseline: 3 },
        tombstones: 0,
        newSeries: 3,
        forgotten: 0,
        anomalies: 0,
        masked: 0,
        resets: 0,
        seconds: 0.02,
        latencySeconds: 0.2,
        lag: 42,
      })
      pipeline.snapshot({ partition, rows: 5, bytes: 500, seconds: 0.01 })
    }
    pipeline.step(300, 0.004)
    pipeline.trouble(null)
    pipeline.model({ version: 3, cell: 'gru', cause: 'promoted' })
    const horizons = HORIZONS.map((steps) => ({ steps, network: SCORES, baseline: SCORES }))
    pipeline.accuracy({
      accuracy: { targets: 300, network: SCORES, baseline: SCORES, horizons },
      nominal: 0.8,
    })
    pipeline.driftScore({ score: 0.2 })
    pipeline.training({ kind: 'training-state', state: 'waiting' })
    pipeline.training({
      kind: 'training-progress',
      update: 9,
      updates: 10,
      etaSeconds: 1,
      loss: 0.5,
      gradientNorm: 12,
      clippedNorm: 5,
      clippedShare: 0.25,
    })
    pipeline.training({ kind: 'training-dynamics', saturated: 0.5, dead: 0.1, reach: null })
    for (let n = 0; n < NAMED; n++) {
      const series = `${n} "quoted" \\ <b>ü</b>\n`
      pipeline.named({ series, ts: 1000, value: 1, steps: 1, forecast: [0, NaN, 2] })
    }
  }
  return telemetry.metricsText()
}

test('promtool finds nothing wrong with the metrics', { skip: WITHOUT_PROMETHEUS }, async () => {
  assert.deepEqual(await promtool(['check', 'metrics'], await everything()), { code: 0, text: '' })
})

test('time series grow with pipelines, partitions and named series, and with nothing else', async () => {
  const lines = (await everything()).split('\n')
  const of = (part: string): number => lines.filter((line) => line.includes(part)).length
  assert.equal(of('partition="0"'), PIPELINES * 7)
  assert.equal(of('series="'), PIPELINES * NAMED * 5)
  const perPipeline = lines.filter((line) => /\{.*pipeline="p0"/.test(line)).length
  const own = perPipeline - PARTITIONS * 7 - NAMED * 5
  assert.ok(own < 260, `${own} of a pipeline beside its partitions and named series`)
})

test('what Node itself does is there: event loop, heap, collections, processor, memory', async () => {
  const text = await everything()
  for (const name of [
    'nodejs_eventloop_lag_p99_seconds',
    'nodejs_heap_size_used_bytes',
    'nodejs_gc_duration_seconds',
    'process_cpu_seconds_total',
    'process_resident_memory_bytes',
  ]) {
    assert.match(text, new RegExp(`^# TYPE ${name} `, 'm'))
  }
})
