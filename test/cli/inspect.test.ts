import assert from 'node:assert/strict'
import { once } from 'node:events'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { registerInspect } from '../../src/cli/inspect.js'
import { registerModels } from '../../src/cli/models.js'
import type { PartitionLease } from '../../src/ports/broker.js'
import type { StoredModel } from '../../src/ports/model-store.js'
import { DaemonProcess } from '../support/daemon-process.js'
import { randomNetwork } from '../support/pinned-network.js'
import { pipelineConfig } from '../support/pipeline-config.js'
import { openLog, runCommand, workspace } from './replay/harness.js'

const PIPELINE = `{ interval: '1h', season: [24], horizon: 2 }`
const CONFIG = pipelineConfig('t', { interval: '1h', season: [24], horizon: 2 })

function model(mase: number): Omit<StoredModel, 'version'> {
  const scores = { mase, wql: 0.25, coverage: 0.81, targets: 480 }
  return {
    pipeline: 't',
    spec: randomNetwork(CONFIG, ['a']).spec,
    weights: new Float32Array(4),
    parent: null,
    report: {
      startedAt: '2026-01-02T03:04:05.000Z',
      seconds: 61.5,
      backend: 'tensorflow',
      observations: 12_345,
      series: 7,
      updates: 900,
      from: 0,
      to: 86_400_000,
      curve: [],
      clippedShare: 0.25,
      validationLoss: 0.125,
    },
    scores: { network: scores, baseline: { ...scores, mase: 1.5 } },
  }
}

/** A log that this process holds for writing while the commands read it, as beside a daemon. */
async function heldLog(t: TestContext) {
  const cwd = workspace(t, PIPELINE)
  const broker = await openLog(cwd)
  t.after(() => broker.close())
  const models = (...argv: string[]) => runCommand(registerModels, ['models', ...argv], { cwd })
  const inspect = (...argv: string[]) => runCommand(registerInspect, ['inspect', ...argv], { cwd })
  return { broker, models, inspect }
}

const FORECAST = {
  pipeline: 't',
  series: 'a',
  origin: '2026-01-01T10:00:00.000Z',
  interval: 'PT1H',
  horizon: 2,
  model: 'gru@2',
  quantiles: { '0.1': [1, 2], '0.25': [2, 3], '0.5': [3, 4.5], '0.75': [4, 6], '0.9': [5, 7] },
}

test('models list marks the champion and shows the network beside the baseline', async (t) => {
  const { broker, models } = await heldLog(t)
  for (const mase of [0.9, 0.8]) await broker.models.put(model(mase))
  await broker.models.setChampion('t', 2)
  const { out, code } = await models('list')
  assert.equal(code, 0)
  assert.match(out, /^t +gru@1 +2026-01-02T03:04:05.000Z +62 +900 +12345 +0\.9000 +1\.5000 +0\.2500/m)
  assert.match(out, /^t +gru@2 \* .* 0\.8000 +1\.5000/m)
  const { models: listed } = JSON.parse((await models('list', 't', '--json')).out) as {
    models: { version: number; champion: boolean }[]
  }
  assert.deepEqual(
    listed.map(({ version, champion }) => [version, champion]),
    [
      [1, false],
      [2, true],
    ],
  )
})

test('models show takes the champion where no version is named', async (t) => {
  const { broker, models } = await heldLog(t)
  for (const mase of [0.9, 0.8]) await broker.models.put(model(mase))
  await broker.models.setChampion('t', 1)
  assert.match((await models('show', 't')).out, /gru@1 of pipeline t, champion[^]*network +0\.9000/)
  const second = (await models('show', 't', 'gru@2')).out
  assert.match(second, /gru@2 of pipeline t\n[^]*12345 observations of 7 series, 1970-01-01T00:00/)
  assert.match(second, /^baseline +1\.5000 +0\.2500 +0\.810 +480$/m)
})

test('models show says how the gradients fared, and nothing of it for an older report', async (t) => {
  const { broker, models } = await heldLog(t)
  const old = model(0.9)
  const gradients = {
    ...{ saturated: 0.125, dead: null, flow: [[0, 1] as const, [64, 0.001] as const], reach: 21.4 },
    ...{ norm: { median: 0.25, largest: 12 }, clipNorm: 5, advice: ['one', 'two'], cost: 0.011 },
  }
  await broker.models.put(old)
  await broker.models.put({ ...old, report: { ...old.report, gradients } })
  assert.doesNotMatch((await models('show', 't', '1')).out, /^(gradients|flow|advice) /m)
  const { out } = await models('show', 't', '2')
  assert.match(out, /^gradients +norm 0\.250 \(median\), 12\.0 \(largest\), clipped at 5$/m)
  assert.match(
    out,
    /^flow +1 % left after 21 steps, 12\.5 % of activations saturated; measured in 1\.1 % of/m,
  )
  assert.match(out, /^advice +one\n +two$/m)
  const shown = JSON.parse((await models('show', 't', '2', '--json')).out) as StoredModel
  assert.deepEqual(shown.report.gradients, gradients)
})

test('what does not exist is an error that names what does', async (t) => {
  const { broker, models, inspect } = await heldLog(t)
  assert.match((await models('list')).out, /No network has been trained yet/)
  assert.match(String((await models('show', 't')).error), /no champion: its baseline forecasts/)
  await broker.models.put(model(1))
  assert.match(String((await models('show', 't', '3')).error), /no version 3\. Versions: 1/)
  assert.match(String((await models('show', 'u')).error), /no pipeline "u".*has: t/)
  assert.match(String((await inspect('u')).error), /no pipeline "u".*has: t/)
})

test('inspect shows the topics, what the pipeline has consumed of them, and its champion', async (t) => {
  const { broker, inspect } = await heldLog(t)
  await broker.ensureTopics([
    { name: 't', partitions: 2 },
    { name: 't.forecasts', partitions: 2 },
  ])
  const value = Buffer.from('{}')
  await broker.append(Array.from({ length: 5 }, () => ({ topic: 't', partition: 0, key: null, value })))
  const leases = new EventTarget()
  let first: PartitionLease | undefined
  const assigned = once(leases, 'first')
  const consumption = await broker.consume('t', 'tidecast-t', (lease) => {
    if (lease.partition !== 0) return
    first = lease
    leases.dispatchEvent(new Event('first'))
  })
  await assigned
  const batch = await first!.next(3)
  await batch.settle({ outputs: [{ topic: 't.forecasts', partition: 1, key: null, value }] })
  await consumption.close()

  const { out, code } = await inspect('t')
  assert.equal(code, 0)
  assert.match(out, /^model +baseline \(no champion\)$/m)
  assert.match(out, /^t +input +0 +0 +5 +3 +2$/m)
  assert.match(out, /^t +input +1 +0 +0 +- +0$/m)
  assert.match(out, /^t\.forecasts +output +1 +0 +1$/m)
  assert.match(out, /^t\.dead-letters +dead letters +- +not created yet$/m)

  const version = (await broker.models.put(model(1))).version
  await broker.models.setChampion('t', version)
  const json = JSON.parse((await inspect('t', '--json')).out) as {
    champion: number
    topics: { partitions: unknown }[]
  }
  assert.equal(json.champion, 1)
  assert.deepEqual(json.topics[0]?.partitions, [
    { earliest: 0, end: 5, committed: 3 },
    { earliest: 0, end: 0, committed: null },
  ])
})

test("inspect shows a series' latest forecast, with the time that each step is for", async (t) => {
  const { broker, inspect } = await heldLog(t)
  await broker.ensureTopics([{ name: 't.forecasts', partitions: 1 }])
  const publish = (series: string, forecast: object) =>
    broker.append([
      { topic: 't.forecasts', key: Buffer.from(series), value: Buffer.from(JSON.stringify(forecast)) },
    ])
  await publish('a', { ...FORECAST, origin: '2026-01-01T09:00:00.000Z' })
  await publish('a', FORECAST)
  await publish('b', { ...FORECAST, series: 'b', interval: 'observations' })

  const { out, code } = await inspect('t', 'a')
  assert.equal(code, 0)
  assert.match(out, /^series a, origin 2026-01-01T10:00:00\.000Z, model gru@2$/m)
  assert.match(out, /^STEP +TARGET +q0\.1 +q0\.5 +q0\.9$/m)
  assert.match(out, /^1 +2026-01-01T11:00:00Z +1 +3 +5$/m)
  assert.match(out, /^2 +2026-01-01T12:00:00Z +2 +4\.5 +7$/m)
  assert.match((await inspect('t', 'b')).out, /^2 +observation \+2 +2 +4\.5 +7$/m)
  const { forecast } = JSON.parse((await inspect('t', 'a', '--json')).out) as { forecast: unknown }
  assert.deepEqual(forecast, FORECAST)
})

test('inspect fails for a series that has no forecast', async (t) => {
  const { broker, inspect } = await heldLog(t)
  await broker.ensureTopics([{ name: 't.forecasts', partitions: 1 }])
  const { code, out } = await inspect('t', 'nobody')
  assert.equal(code, 1)
  assert.match(out, /No forecast of series "nobody"/)
})

test('a directory without a log is told so', async (t) => {
  const cwd = workspace(t, PIPELINE)
  const { code, error } = await runCommand(registerInspect, ['inspect', 't'], { cwd })
  assert.equal(code, 1)
  assert.match(String(error), /There is no embedded log in /)
})

test('while a daemon is at work on a series, its rolling scores are shown beside the baseline’s', async (t) => {
  const dataDir = workspace(t, PIPELINE)
  const daemon = await DaemonProcess.start(dataDir, {
    pipelines: { t: { interval: '1h', season: [24], horizon: 2, training: { enabled: false } } },
  })
  t.after(() => daemon.kill())
  const port = new URL(await daemon.listening).port
  const lines = Array.from({ length: 60 }, (_, i) =>
    JSON.stringify({ key: 'a', value: { ts: i * 3_600_000, value: Math.sin(i) + i / 50 } }),
  )
  assert.ok(await daemon.ingest('t', `${lines.join('\n')}\n`))
  await daemon.until('t', ({ records }) => records === lines.length)
  const inspect = (...argv: string[]) => {
    const settings = ['--set', `dataDir=${dataDir}`, '--set', `http.port=${port}`]
    return runCommand(
      registerInspect,
      ['inspect', 't', 'a', '-c', join(dataDir, 'tidecast.json5'), ...settings, ...argv],
      {
        cwd: dataDir,
      },
    )
  }
  const { out, code } = await inspect()
  assert.equal(code, 0)
  assert.match(out, /^STEPS AHEAD +MASE +\(BASELINE\) .*\n1 +(\d\.\d{4}) +\(\1\) /m)
  const { accuracy } = JSON.parse((await inspect('--json')).out) as {
    accuracy: { steps: string; network: { coverage: number } }[]
  }
  assert.deepEqual(
    accuracy.map(({ steps }) => steps),
    ['1', '2'],
  )
  assert.ok(accuracy.every(({ network }) => network.coverage > 0))
  await daemon.kill()
  const { accuracy: none } = JSON.parse((await inspect('--json')).out) as { accuracy: null }
  assert.equal(none, null)
})
