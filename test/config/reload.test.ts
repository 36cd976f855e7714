import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fastify } from 'fastify'
import { changesIn, diffConfig } from '../../src/config/diff.js'
import { configJsonSchema } from '../../src/config/json-schema.js'
import { loadConfig, loadWithOrigins } from '../../src/config/load.js'
import { pipelineSchema } from '../../src/config/pipeline-schema.js'
import { describePlan, planReload, reportPlan } from '../../src/config/plan.js'
import { RELOADS } from '../../src/config/reload-class.js'
import { daemonSchema } from '../../src/config/schema.js'
import { settingsOf } from '../../src/config/setting.js'
import { asFile } from '../../src/config/show.js'
import { configHash } from '../../src/config/values.js'

const SECRET = 'a-secret-of-sufficient-length'
const load = (config: object) => loadConfig({ files: [], text: JSON.stringify(config), env: {} })
const onePipeline = (settings: object) => load({ pipelines: { p: settings } })

test('every setting says what a change of it takes', () => {
  for (const schema of [daemonSchema, pipelineSchema]) {
    for (const [path, { reload }] of settingsOf(schema)) assert.ok(RELOADS.includes(reload), path)
  }
})

test('what does not differ is not reported, however it is written', () => {
  const before = load({ http: { port: 1 }, pipelines: { p: { interval: '1h', season: 24 } } })
  const after = load({
    pipelines: { p: { season: [24, 168], interval: 'PT60M', topic: 'p' } },
    http: { port: 1 },
  })
  assert.deepEqual(changesIn(diffConfig(before, after)), [])
  assert.equal(configHash(before), configHash(after))
  assert.notEqual(
    configHash(before),
    configHash(load({ http: { port: 1 }, pipelines: { p: { horizon: 5 } } })),
  )
})

for (const [what, before, after, reload] of [
  ['a shorter horizon', { horizon: 24 }, { horizon: 12 }, 'live'],
  ['a longer horizon', { horizon: 24 }, { horizon: 48 }, 'retrain'],
  ['fewer quantiles', { quantiles: [0.05, 0.1, 0.5, 0.9, 0.95] }, { quantiles: [0.1, 0.5, 0.9] }, 'live'],
  ['other quantiles', { quantiles: [0.1, 0.5, 0.9] }, { quantiles: [0.2, 0.5, 0.8] }, 'retrain'],
  ['another clip norm', {}, { training: { clipNorm: 1 } }, 'live'],
  ['another limit', {}, { limits: { minValue: 0 } }, 'live'],
  ['a pause', {}, { paused: true }, 'live'],
  ['another output', {}, { output: 'q' }, 'pipeline-restart'],
  ['another interval', {}, { interval: '15m' }, 'states-drop'],
  ['a time zone', {}, { calendar: { timeZone: 'Europe/Berlin' } }, 'retrain'],
  ['holidays', {}, { calendar: { holidays: ['DE'] } }, 'retrain'],
  ['covariates', {}, { covariates: ['a'], futureCovariates: { topic: 'w' } }, 'retrain'],
  ['more than one change: the one that takes most', {}, { horizon: 12, model: { cell: 'lstm' } }, 'retrain'],
] as const) {
  test(`${what} takes: ${reload}`, () => {
    const [pipeline, ...others] = diffConfig(onePipeline(before), onePipeline(after)).pipelines
    assert.equal(others.length, 0)
    assert.equal(pipeline?.kind === 'changed' ? pipeline.reload : pipeline?.kind, reload)
  })
}

test('pipelines are removed before others change, and added last', () => {
  const before = load({ pipelines: { stays: {}, goes: {}, changes: {} } })
  const after = load({ pipelines: { comes: {}, stays: {}, changes: { horizon: 5 } } })
  assert.deepEqual(
    diffConfig(before, after).pipelines.map(({ kind, name }) => [kind, name]),
    [
      ['removed', 'goes'],
      ['changed', 'changes'],
      ['added', 'comes'],
    ],
  )
})

test('a plan names every change, refuses by name what needs a restart of the process, and shows no secret', () => {
  const before = load({ http: { token: SECRET, port: 1 }, pipelines: { p: { horizon: 24 }, q: {} } })
  const after = load({ http: { token: `${SECRET}2`, port: 2 }, pipelines: { p: { horizon: 48 }, r: {} } })
  const plan = planReload(before, after)
  assert.deepEqual(
    plan.refused.map(({ path }) => path),
    ['http.port'],
  )
  const report = reportPlan(plan)
  assert.equal(report.possible, false)
  const text = describePlan(report).join('\n')
  assert.match(text, /^- pipelines\.q: pipeline stopped/m)
  assert.match(text, /^\+ pipelines\.r: pipeline started/m)
  assert.match(text, /^! http\.port: 1 -> 2: refused/m)
  assert.match(text, /^~ http\.token: \*+ -> \*+: applied live$/m)
  assert.match(text, /^~ pipelines\.p\.horizon: 24 -> 48: the network in use goes on/m)
  assert.doesNotMatch(JSON.stringify(report), new RegExp(SECRET))
})

test('every value says where it came from', () => {
  const { origins } = loadWithOrigins({
    files: [],
    text: '{ pipelines: { p: { horizon: 3 } } }',
    env: { TIDECAST_HTTP_PORT: '9' },
    overrides: { 'pipelines.p.season': 'none' },
  })
  assert.deepEqual(Object.fromEntries(origins), {
    'http.port': 'TIDECAST_HTTP_PORT',
    'pipelines.p.horizon': 'text',
    'pipelines.p.season': '--set pipelines.p.season',
  })
})

test('YAML says the same as JSON5, and what is wrong with it', () => {
  const text =
    'http:\n  port: 9\npipelines:\n  p:\n    interval: 15m\n    season: [96]\n    quantiles: [0.1, 0.5, 0.9]\n'
  assert.deepEqual(
    loadConfig({ files: [], text, textFormat: 'yaml', env: {} }),
    load({ http: { port: 9 }, pipelines: { p: { interval: '15m', season: [96] } } }),
  )
  assert.throws(
    () => loadConfig({ files: [], text: 'a: [1\nb: 2', textFormat: 'yaml', env: {} }),
    /expected readable YAML \(.* at line 2/,
  )
})

test('the schema for editors takes what the program takes, and tells unknown keys and wrong values', async (t) => {
  const app = fastify({
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, strict: false } },
  })
  t.after(() => app.close())
  app.post('/', { schema: { body: configJsonSchema() } }, () => 'ok')
  const accepts = async (config: object): Promise<boolean> =>
    (await app.inject({ method: 'POST', url: '/', payload: config })).statusCode === 200
  const whole = asFile(load({ pipelines: { numbers: { start: '7d' }, texts: { kind: 'symbols' } } }))
  assert.equal(await accepts(whole), true, 'every setting with its default')
  for (const season of ['none', 24, [24], [24, 168], { short: 24, long: 168 }]) {
    assert.equal(await accepts({ pipelines: { p: { season } } }), true, JSON.stringify(season))
  }
  for (const interval of ['1h', '1h30m', 'PT15M', 'observations']) {
    assert.equal(await accepts({ pipelines: { p: { interval, allowedLateness: '90s' } } }), true, interval)
  }
  for (const wrong of [
    { http: { prot: 1 } },
    { http: { port: '1' } },
    { pipelines: { p: { horizon: 0 } } },
    { pipelines: { p: { aggregate: 'median' } } },
    { pipelines: { p: { allowedLateness: 90 } } },
    { pipelines: { 'a.b': {} } },
  ]) {
    assert.equal(await accepts(wrong), false, JSON.stringify(wrong))
  }
})
