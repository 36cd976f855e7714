import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ConfigError } from '../../src/config/error.js'
import type { ConfigProblem } from '../../src/config/error.js'
import { loadConfig } from '../../src/config/load.js'
import type { ConfigSources } from '../../src/config/load.js'
import type { PipelineConfig } from '../../src/config/types.js'

const SECRET = 'a-secret-of-sufficient-length'

function load(text: string, rest: Partial<ConfigSources> = {}) {
  return loadConfig({ files: [], text, env: {}, ...rest })
}

function pipeline(settings: string): PipelineConfig {
  const [only] = load(`{ pipelines: { p: ${settings} } }`).pipelines
  assert.ok(only)
  return only
}

function problems(text: string, rest: Partial<ConfigSources> = {}): readonly ConfigProblem[] {
  try {
    load(text, rest)
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error))
    return error.problems
  }
  return []
}

function paths(text: string, rest: Partial<ConfigSources> = {}): readonly string[] {
  return problems(text, rest).map(({ path }) => path)
}

test('a pipeline without settings gets every documented default', () => {
  assert.deepEqual(pipeline('{}'), {
    name: 'p',
    kind: 'numbers',
    paused: false,
    symbols: { maxVocabulary: 256, maxLength: 64, top: 5 },
    topic: 'p',
    start: 'earliest',
    partitions: 1,
    output: 'p.forecasts',
    deadLetter: 'p.dead-letters',
    encoding: { input: 'json', output: 'json' },
    fields: { series: '', ts: 'ts', value: 'value', covariates: 'covariates' },
    calendar: { timeZone: 'UTC', holidays: [], days: [] },
    covariates: [],
    futureCovariates: { topic: null, names: [], refreshEvery: 1000, maxValues: 250_000 },
    stale: { after: 3 },
    interval: 3_600_000,
    season: { short: 24, long: 168 },
    horizon: 24,
    quantiles: [0.1, 0.5, 0.9],
    aggregate: 'none',
    reject: {
      invalid: 'dead-letter',
      late: 'dead-letter',
      duplicate: 'dead-letter',
      newSeries: 'dead-letter',
    },
    limits: {
      minValue: -1e15,
      maxValue: 1e15,
      maxAhead: 86_400_000,
      maxKeyBytes: 1024,
      maxValueBytes: 65_536,
    },
    tombstones: 'delete',
    allowedLateness: 0,
    gaps: { maxSteps: 48 },
    anomalies: { enabled: true, topic: null, minScore: 3, consecutive: 1, cooldown: 0 },
    calibration: { enabled: true, rate: 0.02 },
    metrics: { series: [], step: 1 },
    publish: { format: 'wide', maxAge: 0 },
    model: {
      cell: 'gru',
      activation: 'tanh',
      layers: 1,
      hidden: 64,
      dropout: 0,
      residual: false,
      decoder: 'direct',
      samples: 0,
      temperature: 1,
      bidirectional: false,
      warmUp: 24,
    },
    models: { keep: 20 },
    training: {
      enabled: true,
      device: 'auto',
      minObservations: 0,
      window: 0,
      maxRecords: 0,
      every: 0,
      afterObservations: 0,
      promotion: 'auto',
      shadowFor: 0,
      setAside: { enabled: true, margin: 0.05, after: 0 },
      minNew: 0,
      start: 'both',
      drift: { threshold: 12, coolDown: 2_419_200_000 },
      imputation: 'none',
      disturbed: 0.05,
      holdout: 0.1,
      validation: 0.1,
      updates: 0,
      learningRate: 5e-3,
      weightDecay: 1e-4,
      clipNorm: 5,
      scheduledSampling: null,
      chunk: 96,
      chunksPerUpdate: 1,
      streams: 16,
      seed: 1,
      maxDuration: 1_800_000,
      retryGrowth: 0.25,
    },
    state: { maxResidentSeries: 100_000, snapshotEvery: 5000, ttl: 0, maxNewSeriesPerMinute: 0 },
    delivery: 'exactly-once',
    batch: { maxRecords: 4096, commitInterval: 100 },
  })
})

test('the daemon gets every documented default', () => {
  assert.deepEqual(loadConfig({ files: [], env: {} }), {
    dataDir: 'data',
    config: { watch: false },
    shutdown: { timeout: 30_000 },
    log: {
      level: 'info',
      levels: { config: null, http: null, broker: null, engine: null, pipelines: null, training: null },
      format: 'auto',
    },
    http: { host: '127.0.0.1', port: 8787, tls: null, maxBodyBytes: 8_388_608, maxRecordsPerRequest: 50_000 },
    broker: {
      kind: 'embedded',
      embedded: { mapSizeBytes: 68_719_476_736, retentionMs: 0, retentionBytes: 8_589_934_592 },
      kafka: {
        brokers: ['127.0.0.1:9092'],
        clientId: 'tidecast',
        tls: { enabled: false, ca: null, cert: null, key: null },
        sasl: {
          mechanism: 'none',
          username: null,
          password: null,
          passwordFile: null,
          oauth: {
            tokenFile: null,
            endpoint: null,
            clientId: null,
            clientSecret: null,
            clientSecretFile: null,
            scope: null,
            ca: null,
          },
        },
        compression: 'none',
        connectionTimeout: 3000,
        authenticationTimeout: 10_000,
        requestTimeout: 30_000,
        sessionTimeout: 20_000,
        heartbeat: 1000,
        replicationFactor: 0,
        standby: true,
        createTopics: true,
        modelsTopic: 'tidecast.models',
      },
    },
    engine: { backend: 'auto', threads: 1 },
    inference: { device: 'cpu' },
    schemaRegistry: {
      url: null,
      username: null,
      password: null,
      passwordFile: null,
      token: null,
      tokenFile: null,
      ca: null,
      timeout: 10_000,
      register: true,
    },
    pipelines: [],
  })
})

test('the configuration is frozen to its last array', () => {
  const config = load('{ pipelines: { p: {} } }')
  assert.throws(() => (config.pipelines[0]?.quantiles as number[]).push(1), TypeError)
  assert.throws(() => Object.assign(config.http, { port: 1 }), TypeError)
  assert.equal(load('{ pipelines: { p: {} } }').pipelines[0]?.quantiles.length, 3)
})

test('files, text, environment and overrides each go over the one before', (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'tidecast-config-'))
  t.after(() => rmSync(dir, { recursive: true }))
  const file = (name: string, text: string) => {
    writeFileSync(join(dir, name), text)
    return join(dir, name)
  }
  const files = [
    file(
      'a.json5',
      '{ dataDir: "a", http: { port: 1, host: "a" }, pipelines: { p: { horizon: 1, topic: "a", model: { layers: 2 } } } }',
    ),
    file(
      'b.json5',
      '\uFEFF{ dataDir: "b", http: { port: 2 }, pipelines: { q: {}, p: { horizon: 2, model: { hidden: 8 } } } }',
    ),
  ]
  const config = load('{ dataDir: "text", http: { port: 3 } }', {
    files,
    env: { TIDECAST_DATA_DIR: 'env', TIDECAST_HTTP_PORT: '4', TIDECAST_LOG_LEVEL: '' },
    overrides: {
      'http.port': '5',
      'pipelines.p.quantiles': '[0.25, 0.5, 0.75]',
      'pipelines.p.interval': '15m',
    },
  })
  assert.deepEqual(config.http.host, 'a')
  assert.equal(config.dataDir, 'env')
  assert.equal(config.http.port, 5)
  assert.equal(config.log.level, 'info', 'an empty variable counts as absent')
  assert.deepEqual(
    config.pipelines.map(({ name }) => name),
    ['p', 'q'],
  )
  const [p] = config.pipelines
  assert.ok(p)
  assert.deepEqual([p.horizon, p.topic, p.model.layers, p.model.hidden, p.interval], [2, 'a', 2, 8, 900_000])
  assert.deepEqual(p.quantiles, [0.25, 0.5, 0.75])
})

test('an override may give text that looks like a number where text is wanted', () => {
  assert.equal(
    load('{ pipelines: { p: {} } }', { overrides: { 'pipelines.p.topic': '123' } }).pipelines[0]?.topic,
    '123',
  )
})

test('a season is one length, two, or none', () => {
  for (const [given, expected] of [
    ['24', [24, 168]],
    ['[24]', [24, 168]],
    ['[96, 672]', [96, 672]],
    ['{ short: 5, long: 20 }', [5, 20]],
    ['1', [1, 1]],
    ['[1]', [1, 1]],
    ['"none"', [1, 1]],
  ] as const) {
    const { season } = pipeline(`{ season: ${given} }`)
    assert.deepEqual([season.short, season.long], expected, given)
  }
  for (const given of [
    '0',
    '[]',
    '[24, 25]',
    '[168, 24]',
    '[1, 7]',
    '[24, 168, 8760]',
    '2.5',
    '"daily"',
    'null',
    '{ short: null, long: 7 }',
  ]) {
    assert.deepEqual(paths(`{ pipelines: { p: { season: ${given} } } }`), ['pipelines.p.season'], given)
  }
})

test('quantiles are ascending, symmetric, inside (0, 1) and include the median', () => {
  for (const given of [
    '[0.5]',
    '[0.9, 0.5, 0.1]',
    '[0.1, 0.5, 0.8]',
    '[0.1, 0.9]',
    '[0, 0.5, 1]',
    '[0.1, 0.5, 0.5, 0.9]',
    '["0.1", 0.5, 0.9]',
    '0.5',
  ]) {
    assert.deepEqual(paths(`{ pipelines: { p: { quantiles: ${given} } } }`), ['pipelines.p.quantiles'], given)
  }
})

test('values outside their bounds or of another type are refused', () => {
  for (const [path, given] of [
    ['horizon', '0'],
    ['horizon', '1001'],
    ['horizon', '"24"'],
    ['horizon', '1.5'],
    ['horizon', '{ steps: 3 }'],
    ['horizon', 'null'],
    ['interval', '"999ms"'],
    ['interval', '"0s"'],
    ['interval', '3600000'],
    ['model.layers', '5'],
    ['model.hidden', '1025'],
    ['limits.maxValue', 'Infinity'],
    ['limits.minValue', 'NaN'],
    ['calibration.enabled', '"true"'],
    ['state.snapshotEvery', '5000'],
    ['topic', '"no spaces"'],
    ['topic', '".."'],
    ['fields.ts', '"a..b"'],
    ['reject.late', '"ignore"'],
    ['training', '[]'],
  ] as const) {
    const text = path.split('.').reduceRight((inner, key) => `{ ${key}: ${inner} }`, given as string)
    assert.deepEqual(paths(`{ pipelines: { p: ${text} } }`), [`pipelines.p.${path}`], `${path} = ${given}`)
  }
  assert.deepEqual(paths('{ http: { port: 70000 }, pipelines: [] }'), ['pipelines', 'http.port'])
})

test('a bidirectional network is refused as the carried state of a stream, with the reason', () => {
  const [problem] = problems('{ pipelines: { p: { model: { bidirectional: true } } } }')
  assert.match(problem!.expected, /after each step.*cannot be the carried state of a stream.*gaps/)
})

test('settings that contradict each other are refused', () => {
  for (const [settings, path] of [
    ['{ interval: "observations", aggregate: "mean" }', 'aggregate'],
    ['{ allowedLateness: "1m" }', 'allowedLateness'],
    ['{ limits: { minValue: 5, maxValue: 5 } }', 'limits.minValue'],
    ['{ output: "p" }', 'output'],
    ['{ deadLetter: "p.forecasts" }', 'deadLetter'],
    ['{ deadLetter: "p" }', 'deadLetter'],
    ['{ anomalies: { topic: "p.forecasts" } }', 'anomalies.topic'],
    ['{ model: { dropout: 0.1 } }', 'model.dropout'],
    ['{ model: { residual: true } }', 'model.residual'],
    ['{ model: { bidirectional: true } }', 'model.bidirectional'],
    ['{ model: { samples: 100 } }', 'model.samples'],
    ['{ model: { decoder: "autoregressive", samples: 5 } }', 'model.samples'],
    ['{ model: { decoder: "autoregressive", temperature: 0.5 } }', 'model.temperature'],
    ['{ training: { scheduledSampling: 0.5 } }', 'training.scheduledSampling'],
  ] as const) {
    assert.deepEqual(paths(`{ pipelines: { p: ${settings} } }`), [`pipelines.p.${path}`], settings)
  }
  assert.deepEqual(paths('{ pipelines: { p: { output: "same" }, q: { output: "same" } } }'), [
    'pipelines.q.output',
  ])
  assert.deepEqual(paths('{ pipelines: { p: {}, q: { deadLetter: "p.forecasts" } } }'), [
    'pipelines.q.deadLetter',
  ])
  assert.deepEqual(paths('{ pipelines: { p: {}, q: { anomalies: { topic: "p.forecasts" } } } }'), [
    'pipelines.q.anomalies.topic',
  ])
  assert.deepEqual(paths(`{ http: { token: "${SECRET}", tokenFile: "x" } }`)[0], 'http.tokenFile')
  assert.deepEqual(paths('{ broker: { embedded: { mapSize: "1GiB" } } }'), ['broker.embedded.retentionBytes'])
})

test('a value with a problem of its own does not also appear as a contradiction', () => {
  assert.deepEqual(paths('{ pipelines: { p: { topic: 7, output: "p" } } }'), ['pipelines.p.topic'])
})

test('all problems are listed at once, each with its place, source and the name that was probably meant', () => {
  const found = problems(
    '{ htpp: {}, log: { levl: "info" }, pipelines: { p: { horizn: 3, layers: 2, model: { hidden: 0 } }, "a.b": {} } }',
    { env: { TIDECAST_HTTP_PORT: 'abc' }, overrides: { 'pipelines.pp.horizon': '3', 'http.prot': '1' } },
  )
  assert.deepEqual(
    found.map(({ path, nearest, source }) => [path, nearest, source]),
    [
      ['htpp', 'http', 'text'],
      ['log.levl', 'level', 'text'],
      ['pipelines.p.horizn', 'horizon', 'text'],
      ['pipelines.p.layers', 'model.layers', 'text'],
      ['pipelines', undefined, 'text'],
      ['pipelines.pp.horizon', 'p', '--set pipelines.pp.horizon'],
      ['http.prot', 'port', '--set http.prot'],
      ['http.port', undefined, 'TIDECAST_HTTP_PORT'],
      ['pipelines.p.model.hidden', undefined, 'text'],
    ],
  )
})

test('the message of an error names every problem', () => {
  assert.throws(
    () => load('{ pipelines: { p: { horizn: 3, horizon: 0 } } }'),
    (error: Error) => {
      assert.match(error.message, /2 problems/)
      assert.match(
        error.message,
        /pipelines\.p\.horizn: expected a known key; did you mean "horizon"\? \[text\]/,
      )
      assert.match(
        error.message,
        /pipelines\.p\.horizon: expected a whole number from 1 to 1000, got 0 \[text\]/,
      )
      return true
    },
  )
})

test('a file that is missing or not JSON5 is a problem that says where', () => {
  const [missing] = problems('{}', { files: ['/nonexistent/tidecast.json5'] })
  assert.match(missing?.expected ?? '', /ENOENT/)
  assert.equal(missing?.source, '/nonexistent/tidecast.json5')
  const [broken] = problems('{\n  a: }')
  assert.match(broken?.expected ?? '', /2:6/)
  assert.deepEqual(paths('[]'), [''])
})

test('names that objects inherit are not mistaken for settings and change no prototype', () => {
  assert.deepEqual(paths('{ constructor: 1, "__proto__": { polluted: true }, toString: {} }'), [
    'constructor',
    '__proto__',
    'toString',
  ])
  assert.deepEqual(paths('{ pipelines: { "__proto__": { horizon: 3 } } }'), ['pipelines'])
  assert.deepEqual(
    paths('{}', { overrides: { '__proto__.polluted': '1', 'log.constructor.prototype.x': '1' } }),
    ['__proto__', 'log.constructor'],
  )
  assert.equal('polluted' in {}, false)
})

test('the token comes from the environment or from a file, and no error ever shows it', (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'tidecast-token-'))
  t.after(() => rmSync(dir, { recursive: true }))
  const tokenFile = join(dir, 'token')
  writeFileSync(tokenFile, `${SECRET}\n`)
  assert.equal(loadConfig({ files: [], env: { TIDECAST_HTTP_TOKEN: SECRET } }).http.token, SECRET)
  assert.equal(loadConfig({ files: [], env: { TIDECAST_HTTP_TOKEN_FILE: tokenFile } }).http.token, SECRET)

  for (const attempt of [
    { TIDECAST_HTTP_TOKEN: 'short-secret' },
    { TIDECAST_HTTP_TOKEN: `${SECRET} with spaces` },
  ]) {
    const found = problems('{}', { env: attempt })
    assert.deepEqual(
      found.map(({ path }) => path),
      ['http.token'],
    )
    assert.doesNotMatch(JSON.stringify(found) + new ConfigError(found).message, /secret-of|short-secret/)
  }
  writeFileSync(tokenFile, 'tiny-secret')
  const found = problems('{}', { env: { TIDECAST_HTTP_TOKEN_FILE: tokenFile } })
  assert.deepEqual(
    found.map(({ path }) => path),
    ['http.tokenFile'],
  )
  assert.doesNotMatch(JSON.stringify(found), /tiny-secret/)
})

test('a secret on the command line, where every user of the machine could read it, is refused unseen', () => {
  for (const path of ['http.token', 'broker.kafka.sasl.password', 'schemaRegistry.token']) {
    const [problem] = problems('{}', { overrides: { [path]: SECRET } })
    assert.equal(problem!.path, path)
    assert.match(problem!.expected, /command line.*TIDECAST_\w+, or in [\w.]+File/)
    assert.doesNotMatch(JSON.stringify(problem), new RegExp(SECRET))
  }
})
