import assert from 'node:assert/strict'
import { test } from 'node:test'
import { REJECT_REASONS } from '../../src/core/decode.js'
import type { LoggerOptions } from '../../src/telemetry/logger.js'
import type { LogLevels } from '../../src/telemetry/loggers.js'
import { createTelemetry } from '../../src/telemetry/telemetry.js'

const SCORES = { mase: 0.8, wql: 0.1, coverage: 0.8, targets: 100 }

function setUp(logging: Partial<LoggerOptions & LogLevels> = {}) {
  const lines: string[] = []
  const clock = { at: 1_000_000, now: () => clock.at }
  const destination = { write: (chunk: string) => lines.push(chunk) }
  const telemetry = createTelemetry({
    level: 'info',
    format: 'json',
    destination,
    version: '1.2.3',
    clock,
    ...logging,
  })
  const sample = async (start: string): Promise<number | undefined> => {
    const line = (await telemetry.metricsText())
      .split('\n')
      .find((candidate) => candidate.startsWith(`${start} `))
    return line === undefined ? undefined : Number(line.slice(start.length))
  }
  const log = () => lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  return { telemetry, clock, lines, log, sample }
}

const BATCH = {
  partition: 2,
  records: 10,
  accepted: 7,
  rejected: { late: 2, 'bad-value': 1 },
  forecasts: { network: 4, baseline: 3 },
  tombstones: 4,
  newSeries: 3,
  forgotten: 2,
  anomalies: 0,
  masked: 5,
  resets: 1,
  seconds: 0.02,
  latencySeconds: 0.2,
  lag: 42,
}

test('a settled batch drives every counter it is about', async () => {
  const { telemetry, sample } = setUp()
  telemetry.pipeline('p').batch(BATCH)
  telemetry.pipeline('p').batch({ ...BATCH, lag: 32 })
  const expected: readonly (readonly [string, number])[] = [
    ['tidecast_records_consumed_total{pipeline="p"}', 20],
    ['tidecast_observations_accepted_total{pipeline="p"}', 14],
    ['tidecast_records_rejected_total{pipeline="p",reason="late"}', 4],
    ['tidecast_records_rejected_total{pipeline="p",reason="bad-value"}', 2],
    ['tidecast_records_rejected_total{pipeline="p",reason="duplicate"}', 0],
    ['tidecast_forecasts_published_total{pipeline="p",source="network"}', 8],
    ['tidecast_forecasts_published_total{pipeline="p",source="baseline"}', 6],
    ['tidecast_masked_steps_total{pipeline="p"}', 10],
    ['tidecast_state_resets_total{pipeline="p"}', 2],
    ['tidecast_tombstones_total{pipeline="p"}', 8],
    ['tidecast_new_series_total{pipeline="p"}', 6],
    ['tidecast_forgotten_series_total{pipeline="p"}', 4],
    ['tidecast_lag_records{pipeline="p",partition="2"}', 32],
    ['tidecast_batch_records_sum{pipeline="p"}', 20],
    ['tidecast_end_to_end_latency_seconds_count{pipeline="p"}', 2],
  ]
  for (const [series, value] of expected) assert.equal(await sample(series), value, series)
})

test('rejects are counted by reason from zero on, for every reason of the closed list', async () => {
  const { telemetry, sample } = setUp()
  telemetry.pipeline('p')
  for (const reason of REJECT_REASONS) {
    assert.equal(await sample(`tidecast_records_rejected_total{pipeline="p",reason="${reason}"}`), 0, reason)
  }
})

test('a stream of bad batches makes one log line in ten seconds, with nothing left out of its counts', () => {
  const { telemetry, clock, log } = setUp()
  for (let i = 0; i < 25; i++) {
    telemetry.pipeline('p').batch(BATCH)
    clock.at += 500
  }
  assert.deepEqual(
    log().map(({ pipeline, level, rejected }) => [pipeline, level, rejected]),
    [
      ['p', 'warn', { late: 2, 'bad-value': 1 }],
      ['p', 'warn', { late: 40, 'bad-value': 20 }],
    ],
  )
})

test('the age of a snapshot grows between two scrapes although nothing happens', async () => {
  const { telemetry, clock, sample } = setUp()
  const age = 'tidecast_snapshot_age_seconds{pipeline="p",partition="0"}'
  assert.equal(await sample(age), undefined)
  telemetry.pipeline('p').restored({ partition: 0, series: 3, replayed: 11, seconds: 0.5 })
  clock.at += 3000
  assert.equal(await sample(age), 3)
  telemetry.pipeline('p').snapshot({ partition: 0, rows: 5, bytes: 500, seconds: 0.01 })
  assert.equal(await sample(age), 0)
  clock.at += 7000
  assert.equal(await sample(age), 7)
  assert.equal(await sample('tidecast_snapshot_rows_total{pipeline="p"}'), 5)
  assert.equal(await sample('tidecast_restore_replayed_records_total{pipeline="p"}'), 11)
})

test('training is in exactly one state, and each outcome is counted by its reason', async () => {
  const { telemetry, sample, log } = setUp()
  const pipeline = telemetry.pipeline('p')
  const states = async () =>
    Promise.all(
      ['off', 'waiting', 'running'].map((s) => sample(`tidecast_training_state{pipeline="p",state="${s}"}`)),
    )
  pipeline.training({ kind: 'training-state', state: 'off' })
  assert.deepEqual(await states(), [1, 0, 0])
  pipeline.training({
    kind: 'training-started',
    reason: 'first',
    observations: 1000,
    series: 3,
    device: 'CPU:0',
  })
  assert.deepEqual(await states(), [0, 0, 1])
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
  assert.equal(await sample('tidecast_training_gradient_norm{pipeline="p",stage="raw"}'), 12)
  assert.equal(await sample('tidecast_training_gradient_norm{pipeline="p",stage="clipped"}'), 5)
  pipeline.training({ kind: 'training-dynamics', saturated: 0.5, dead: null, reach: 21 })
  assert.equal(await sample('tidecast_training_saturated_ratio{pipeline="p"}'), 0.5)
  assert.equal(await sample('tidecast_training_dead_units_ratio{pipeline="p"}'), undefined)
  assert.equal(await sample('tidecast_training_gradient_reach_steps{pipeline="p"}'), 21)
  pipeline.training({ kind: 'training-advised', advice: 'gradients vanish' })
  const scores = { network: SCORES, baseline: SCORES }
  pipeline.training({
    kind: 'training-finished',
    seconds: 3,
    outcome: { kind: 'promoted', version: 2, cell: 'gru', scores, verdict: null },
  })
  pipeline.training({
    kind: 'training-finished',
    seconds: 3,
    outcome: { kind: 'refused', version: 3, reason: 'worse-than-baseline', scores, verdict: null },
  })
  pipeline.training({
    kind: 'training-finished',
    seconds: 3,
    outcome: { kind: 'failed', reason: 'crashed', error: new Error('gone') },
  })
  assert.deepEqual(await states(), [0, 1, 0])
  const outcome = (kind: string, reason: string) =>
    sample(`tidecast_training_outcomes_total{pipeline="p",outcome="${kind}",reason="${reason}"}`)
  assert.deepEqual(
    [
      await outcome('promoted', 'better'),
      await outcome('refused', 'worse-than-baseline'),
      await outcome('failed', 'crashed'),
    ],
    [1, 1, 1],
  )
  assert.deepEqual(
    log().map(({ msg }) => msg),
    [
      'training started',
      'training: gradients vanish',
      'training made gru@2',
      'trained network refused: worse-than-baseline',
      'training failed: crashed',
    ],
  )
  assert.match(JSON.stringify(log()[4]), /gone/)
})

test('scores that are not known yet are absent, not zero', async () => {
  const { telemetry, sample } = setUp()
  const none = { mase: null, smape: null, wql: null, coverage: null, bias: null }
  telemetry.pipeline('p').accuracy({
    accuracy: {
      targets: 300,
      network: { ...none, mase: 0.9 },
      baseline: none,
      horizons: [{ steps: '2-6', network: { ...none, coverage: 0.8 }, baseline: none }],
    },
    nominal: 0.8,
  })
  assert.equal(await sample('tidecast_forecast_mase{pipeline="p",source="published"}'), 0.9)
  assert.equal(await sample('tidecast_forecast_mase{pipeline="p",source="baseline"}'), undefined)
  assert.equal(await sample('tidecast_forecast_coverage_ratio{pipeline="p",source="published"}'), undefined)
})

test('one engine at a time is said to run, and a fallback is a warning', async () => {
  const { telemetry, log } = setUp()
  const backend = { version: '2', devices: ['cpu:0'], signalsBlocked: true }
  telemetry.engine({ ...backend, name: 'tensorflow', fallbacks: [] })
  telemetry.engine({ ...backend, name: 'wasm', fallbacks: ['tensorflow: no binding'] })
  const text = await telemetry.metricsText()
  assert.deepEqual(text.match(/^tidecast_engine_backend_info\{.*name="\w+"/gm)?.length, 1)
  assert.match(text, /tidecast_engine_backend_info\{name="wasm"/)
  assert.match(text, /tidecast_build_info\{version="1\.2\.3"\} 1/)
  assert.match(text, /^process_cpu_seconds_total /m)
  assert.deepEqual(
    log().map(({ level }) => level),
    ['info', 'warn'],
  )
})

test('steps, states, models and failures reach their metrics', async () => {
  const { telemetry, sample, log } = setUp()
  const pipeline = telemetry.pipeline('p')
  pipeline.step(300, 0.004)
  pipeline.states({ partition: 1, lag: 3, resident: 10, spilled: 4, stale: 0, bytesPerSeries: 2048 })
  pipeline.model({ version: 3, cell: 'gru', cause: 'promoted' })
  pipeline.model({ version: 0, cell: 'gru', cause: 'dropped' })
  pipeline.batchFailed({ partition: 1, reason: 'broker', error: new Error('disk full') })
  assert.equal(await sample('tidecast_wave_rows_sum{pipeline="p"}'), 300)
  assert.equal(await sample('tidecast_step_duration_seconds_bucket{le="0.005",pipeline="p"}'), 1)
  assert.equal(await sample('tidecast_resident_series{pipeline="p",partition="1"}'), 10)
  assert.equal(await sample('tidecast_spilled_series{pipeline="p",partition="1"}'), 4)
  assert.equal(await sample('tidecast_model_version{pipeline="p"}'), 0)
  assert.equal(await sample('tidecast_batch_failures_total{pipeline="p",reason="broker"}'), 1)
  assert.deepEqual(
    log().map(({ level, msg }) => [level, msg]),
    [
      ['info', 'gru@3 takes over'],
      ['warn', 'back to the baseline: the network no longer beats the baseline'],
      ['error', 'batch failed and will be delivered again'],
    ],
  )
})

test('pretty lines are one line each, written at once', () => {
  const { telemetry, lines } = setUp({ format: 'pretty' })
  telemetry.pipeline('p').restored({ partition: 0, series: 3, replayed: 11, seconds: 0.5 })
  assert.equal(lines.length, 1)
  assert.match(lines[0] ?? '', /^\[\d\d:\d\d:\d\d\] INFO: partition restored \{.*"replayed":11.*\}\n$/)
})

test('a token that gets into a log line by mistake is not written', () => {
  const { telemetry, lines } = setUp()
  telemetry.logger.info(
    {
      token: 'very-secret',
      http: { token: 'very-secret' },
      req: { headers: { authorization: 'very-secret' } },
    },
    'x',
  )
  assert.doesNotMatch(lines.join(''), /very-secret/)
})

test('a score that is not known any longer goes away', async () => {
  const { telemetry, sample } = setUp()
  const none = { mase: null, smape: null, wql: null, coverage: null, bias: null }
  const known = { ...none, wql: 0.5 }
  const horizons = [{ steps: '2-6', network: known, baseline: known }]
  const pipeline = telemetry.pipeline('p')
  pipeline.accuracy({ accuracy: { targets: 300, network: known, baseline: known, horizons }, nominal: 0.8 })
  const whole = 'tidecast_forecast_wql{pipeline="p",source="published"}'
  const some = 'tidecast_forecast_horizon_wql{pipeline="p",source="baseline",steps="2-6"}'
  assert.deepEqual([await sample(whole), await sample(some)], [0.5, 0.5])
  pipeline.accuracy({ accuracy: null, nominal: 0.8 })
  assert.deepEqual([await sample(whole), await sample(some)], [undefined, undefined])
  assert.equal(await sample('tidecast_forecast_nominal_coverage_ratio{pipeline="p"}'), 0.8)
})

test('what no snapshot holds is counted from the first batch on, not from the newest', async () => {
  const { telemetry, clock, sample } = setUp()
  const pending = 'tidecast_snapshot_pending_seconds{pipeline="p",partition="2"}'
  const pipeline = telemetry.pipeline('p')
  pipeline.restored({ partition: 2, series: 3, replayed: 0, seconds: 0.5 })
  clock.at += 60_000
  assert.equal(await sample(pending), 0, 'where nothing comes, nothing waits')
  pipeline.batch(BATCH)
  clock.at += 4000
  pipeline.batch(BATCH)
  clock.at += 1000
  assert.equal(await sample(pending), 5)
  pipeline.snapshot({ partition: 2, rows: 5, bytes: 500, seconds: 0.01 })
  clock.at += 1000
  assert.equal(await sample(pending), 0)
})

test('a partition that has moved to another process, and a series that is no more, leave nothing behind', async () => {
  const { telemetry, clock } = setUp()
  const pipeline = telemetry.pipeline('p')
  const reading = { ts: 5000, value: 7, steps: 3, forecast: [6, 7, 8] as const }
  for (const partition of [1, 2]) {
    pipeline.restored({ partition, series: 3, replayed: 11, seconds: 0.5 })
    pipeline.batch({ ...BATCH, partition })
    pipeline.states({ partition, lag: 3, resident: 1, spilled: 0, stale: 0, bytesPerSeries: 1000 })
  }
  for (const series of ['north', 'a "b"\n']) pipeline.named({ series, ...reading })
  const left = async (what: string): Promise<number> =>
    (await telemetry.metricsText()).split('\n').filter((line) => line.includes(what)).length
  assert.equal(await left('partition="2"'), 7)
  assert.equal(await left('series="a \\"b\\"\\n"'), 5)
  pipeline.holdings({ partitions: [1], series: ['north'] })
  clock.at += 10_000
  assert.equal(await left('partition="2"'), 0)
  assert.equal(await left('partition="1"'), 7)
  assert.equal(await left('series="a'), 0)
  assert.equal(await left('series="north"'), 5)
  pipeline.named({ series: 'north', ...reading, steps: 6 })
  assert.equal(await left('series="north"'), 5, 'another step replaces the one before')
})

test('the level of each component is changed while it runs, also of loggers that there are already', () => {
  const { telemetry, log } = setUp({ level: 'warn', levels: { training: 'debug' } })
  const speak = (): unknown[] => {
    const before = log().length
    telemetry.logger.info({}, 'daemon')
    telemetry.component('broker').debug({}, 'broker')
    telemetry.component('http').info({}, 'http')
    telemetry.pipeline('p').logger.info({}, 'pipelines')
    telemetry.pipeline('p').trainingLogger.debug({}, 'training')
    return log()
      .slice(before)
      .map(({ component = 'daemon', msg }) => (assert.equal(component, msg), msg))
  }
  assert.deepEqual(speak(), ['training'])
  telemetry.logFrom({ level: 'info', levels: { broker: 'debug', http: 'error', training: null } })
  assert.deepEqual(speak(), ['daemon', 'broker', 'pipelines'])
  telemetry.logFrom({ level: 'error' })
  assert.deepEqual(speak(), [])
})
