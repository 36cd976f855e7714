import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { registerBacktest } from '../../src/cli/backtest.js'
import { Random } from '../../src/model/random.js'
import type { BacktestReport, BacktestScores } from '../../src/ports/control/backtest-report.js'
import { runCommand } from './replay/harness.js'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const LONG = process.env['TIDECAST_LONG'] === '1'

async function backtest(args: readonly string[], env: Record<string, string> = {}): Promise<BacktestReport> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [join(root, 'bin/tidecast.js'), 'backtest', '--json', ...args],
    { env: { ...process.env, ...env }, maxBuffer: 1 << 26 },
  )
  return JSON.parse(stdout) as BacktestReport
}

type Scores = Required<{ [K in keyof BacktestScores]: number }>

/** Of the network and of the baseline: those of a file of numbers all exist. */
function scoresOf({ models }: BacktestReport): { network: Scores; baseline: Scores } {
  return { network: models[0]!.scores as Scores, baseline: models.at(-1)!.scores as Scores }
}

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'tidecast-test-'))
  try {
    await use(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The first rows of a bundled file, as a file of their own. */
async function head(folder: string, name: string, rows: number): Promise<string> {
  const text = gunzipSync(await readFile(join(root, 'demo', `${name}.csv.gz`))).toString()
  const file = join(folder, `${name}.csv`)
  await writeFile(
    file,
    text
      .split('\n')
      .slice(0, rows + 1)
      .join('\n'),
  )
  return file
}

test('a briefly trained network beats the baseline on traffic, its intervals cover what they promise', async () => {
  const { network, baseline } = scoresOf(
    await backtest([
      ...['--data', join(root, 'demo/traffic.csv.gz'), '--stride', '11'],
      ...['--set', 'training.updates=60'],
    ]),
  )
  assert.ok(network.wql < 0.041, `WQL ${String(network.wql)}`)
  assert.ok(network.wql < 0.75 * baseline.wql, `baseline's WQL ${String(baseline.wql)}`)
  assert.ok(network.coverage > 0.77 && network.coverage < 0.83, `coverage ${String(network.coverage)}`)
})

test('the scored forecasts are written: one for each origin, of the whole horizon, quantiles in order', () =>
  inFolder(async (folder) => {
    const file = await head(folder, 'electricity', 1200)
    const out = join(folder, 'forecasts.ndjson')
    const { network } = scoresOf(
      await backtest([...['--data', file, '--out', out, '--horizon', '6', '--set', 'training.updates=2']]),
    )
    const lines = (await readFile(out, 'utf8')).trim().split('\n')
    assert.equal(lines.length, network.origins)
    // Every origin from the last one before the test part, to the last one whose targets are all known.
    assert.equal(lines.length, 1200 * 0.2 + 1 - 6)
    for (const line of lines) {
      const { quantiles } = JSON.parse(line) as { quantiles: Record<string, number[]> }
      const [low, middle, high] = ['0.1', '0.5', '0.9'].map((q) => quantiles[q]!)
      assert.equal(middle!.length, 6)
      middle!.forEach((value, h) => {
        assert.ok(low![h]! <= value && value <= high![h]!)
      })
    }
  }))

/** Without what a run took. */
function lasting(report: unknown): unknown {
  return JSON.parse(JSON.stringify(report), (key, value: unknown) =>
    /seconds|startedAt|cost/i.test(key) ? undefined : value,
  )
}

test('networks are compared side by side on the same targets; a second run, and one alone, say the same', () =>
  inFolder(async (folder) => {
    const file = await head(folder, 'electricity', 1200)
    const brief = ['--data', file, '--horizon', '6', '--set', 'training.updates=2']
    const args = [...brief, '--compare', 'lstm,rnn']
    const report = await backtest(args)
    const { models, examples } = report
    assert.deepEqual(
      models.map(({ name }) => name),
      ['lstm', 'rnn', 'baseline'],
    )
    assert.equal(new Set(models.map(({ scores }) => scores.targets)).size, 1)
    assert.equal(new Set(models.map(({ scores }) => scores.wql)).size, 3)
    for (const { trainings } of models.slice(0, 2)) assert.equal(trainings[0]!.report.curve.length > 0, true)
    assert.equal(examples.length, 3)
    for (const { ts, values, fans } of examples) {
      assert.equal(ts.length, values.length)
      for (const { name } of models) {
        const origins = fans.filter(({ model }) => model === name).map(({ origin }) => origin)
        // End to end, within what is shown.
        assert.ok(origins.length >= 2 && origins.at(-1)! + 6 < ts.length)
        for (const [i, origin] of origins.entries()) assert.equal(origin, origins[0]! + 6 * i)
      }
    }
    assert.deepEqual(lasting(await backtest(args)), lasting(report))
    const alone = await backtest([...brief, '--set', 'model.cell=rnn'])
    assert.deepEqual(lasting(alone.models), lasting(models.slice(1)))
  }))

test('a network is retrained as the stream goes: on the past alone, and what passes the gate forecasts from then on', () =>
  inFolder(async (folder) => {
    const file = await head(folder, 'electricity', 3600)
    const out = join(folder, 'forecasts.ndjson')
    const { options, models } = await backtest([
      ...['--data', file, '--horizon', '6', '--test', '0.5', '--retrain-every', '1200', '--out', out],
      ...['training.updates=10', 'training.minNew=480', 'training.holdout=0.3'].flatMap((key) => [
        '--set',
        key,
      ]),
    ])
    assert.equal(options.retrainEvery, 'P50D')
    const [first, second, ...others] = models[0]!.trainings
    assert.deepEqual([first!.reason, second!.reason, others], ['first', 'schedule', []])
    for (const { at, report } of [first!, second!]) assert.ok(report.to < Date.parse(at))
    assert.equal(Date.parse(second!.at) - Date.parse(first!.at), 1200 * 3_600_000)
    assert.equal(second!.promoted, second!.verdict!.promote)
    // After ten updates there is much to be learnt.
    assert.ok(second!.promoted, JSON.stringify(second!.verdict))
    const forecasts = (await readFile(out, 'utf8')).trim().split('\n')
    for (const line of forecasts) {
      const { origin, model } = JSON.parse(line) as { origin: string; model: string }
      assert.equal(model, Date.parse(origin) < Date.parse(second!.at) ? 'gru@1' : 'gru@2', origin)
    }
    assert.equal(models[0]!.scores.origins, forecasts.length)
    assert.equal(models[1]!.scores.origins, forecasts.length)
  }))

test('the portable backend trains and forecasts like TensorFlow', () =>
  inFolder(async (folder) => {
    const file = await head(folder, 'electricity', 1200)
    const args = ['--data', file, '--set', 'training.updates=5']
    const wasm = scoresOf(await backtest(args, { TIDECAST_ENGINE_BACKEND: 'wasm' }))
    const native = scoresOf(await backtest(args))
    assert.ok(Math.abs(wasm.network.wql / native.network.wql - 1) < 0.02)
  }))

for (const [option, value, problem] of [
  ['--horizon', 'abc', /whole number from 1 to 1000/],
  ['--test', '2', /between 0 and 1/],
  ['--stride', '0', /whole number from 1/],
  ['--season', '24,30', /the second a multiple of the first/],
  ['--interval', '5', /a duration of at least one second/],
  ['--set', 'hidden', /Expected path=value/],
  ['--compare', 'gru,gpt', /some of rnn, lstm, gru and baseline/],
  ['--retrain-every', 'weekly', /a duration such as 28d/],
] as const) {
  test(`${option} ${value} is refused before anything is read`, async () => {
    const { error } = await runCommand(registerBacktest, ['backtest', '--data', 'none.csv', option, value], {
      cwd: '/',
    })
    assert.match(error!.message, problem)
  })
}

const HOUR = 3_600_000
/** Rows of one series an hour apart. */
function hourly(rows: number, value = '1'): string {
  const all = Array.from({ length: rows }, (_, i) => `a,${i * HOUR},${value}`)
  return ['series,ts,value', ...all].join('\n')
}

for (const [what, text, args, problem] of [
  ['no rows', 'series,ts,value\n', [], /no rows/],
  ['no values', hourly(300, ''), [], /no row of the file has a value/],
  ['too few rows', hourly(100), [], /the test part has 20 steps, and the horizon is 24; it takes more data/],
  ['rows far apart', hourly(300), ['--interval', '1m'], /1h apart, in the middle, and --interval says 1m/],
  [
    'a wild time stamp',
    `${hourly(300)}\na,2000000000000000,1`,
    [],
    /301 rows span \d+ steps of 1h: is a time stamp/,
  ],
] as const) {
  test(`a file with ${what} is refused in words`, () =>
    inFolder(async (folder) => {
      await writeFile(join(folder, 'data.csv'), text)
      const { error } = await runCommand(registerBacktest, ['backtest', '--data', 'data.csv', ...args], {
        cwd: folder,
      })
      assert.match(error!.message, problem)
    }))
}

const REQUIRED: readonly (readonly [string, readonly string[], number])[] = [
  ['demo/electricity', [], 0.0181],
  ['demo/traffic', [], 0.0355],
  ['test/data/flights', [], 0.0705],
  ['demo/weather', ['--season', '24'], 0.121],
]

for (const [name, args, limit] of REQUIRED) {
  test(
    `default settings reach the required scores on ${name}`,
    { skip: LONG ? false : 'long form' },
    async () => {
      const { network } = scoresOf(
        await backtest(['--data', join(root, `${name}.csv.gz`), '--stride', '11', ...args]),
      )
      assert.ok(network.wql <= limit, `WQL ${String(network.wql)}`)
      assert.ok(network.coverage > 0.77 && network.coverage < 0.83, `coverage ${String(network.coverage)}`)
    },
  )
}

test(
  'default settings reach the required scores on stocks',
  { skip: LONG ? false : 'long form' },
  async () => {
    const grid = ['--interval', 'observations', '--horizon', '5', '--season', '1', '--stride', '3']
    const { network } = scoresOf(await backtest(['--data', join(root, 'demo/stocks.csv.gz'), ...grid]))
    assert.ok(network.wql <= 0.0142, `WQL ${String(network.wql)}`)
  },
)

test('columns of a file are covariates, and such as are known ahead', async () => {
  await inFolder(async (folder) => {
    const random = new Random(3)
    let temperature = 0
    const lines = Array.from({ length: 900 }, (_, t) => {
      temperature = 0.8 * temperature + random.normal()
      const value = 30 + 3 * Math.sin((2 * Math.PI * t) / 8) - 2 * temperature + 0.2 * random.normal()
      // Some are missing.
      return `a,${new Date(t * 3_600_000).toISOString()},${value},${t % 50 === 0 ? '' : temperature}`
    })
    const file = join(folder, 'heated.csv')
    await writeFile(file, ['series,ts,value,temperature', ...lines].join('\n'))
    const report = await backtest([
      ...['--data', file, '--season', '8,24', '--horizon', '6', '--stride', '5'],
      ...['--covariates', 'temperature', '--future-covariates', 'temperature'],
      ...['--set', 'training.updates=100', '--set', 'model.hidden=16', '--set', 'training.streams=8'],
    ])
    const { network, baseline } = scoresOf(report)
    assert.ok(network.wql < 0.4 * baseline.wql, JSON.stringify({ network, baseline }))
  })
})

test('a covariate that the file has no column for is named', async () => {
  await inFolder(async (folder) => {
    const file = join(folder, 'plain.csv')
    await writeFile(file, 'series,ts,value\na,2020-01-01T00:00:00Z,1\n')
    await assert.rejects(backtest(['--data', file, '--covariates', 'wind']), /no column "wind"/)
    await assert.rejects(backtest(['--data', file, '--future-covariates', 'wind']), /futureCovariates\.names/)
  })
})
