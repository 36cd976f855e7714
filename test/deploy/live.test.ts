import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { DaemonProcess } from '../support/daemon-process.js'
import { filledIn, panelQueries, type Target } from '../support/dashboards.js'
import { withDataDirectory, withLogOf } from '../support/house.js'
import { pinNetwork } from '../support/pinned-network.js'
import { pipelineConfig } from '../support/pipeline-config.js'
import { Prometheus, promtool, WITHOUT_PROMETHEUS } from '../support/prometheus.js'

const MINUTE = 60_000
const RULES = join(import.meta.dirname, '..', '..', '..', 'deploy', 'prometheus', 'rules.yml')

/** Small networks and short seasons; trainings of a few updates, begun by hand. */
const SMALL = { interval: '1m', season: [12, 24], horizon: 6 }
const TRAINED = { enabled: true, minObservations: 1_000_000, updates: 60, promotion: 'manual' }
/** A network of chance in charge, which stays: what it forecasts is worse than the baseline. */
const LOAD = {
  ...SMALL,
  model: { hidden: 8, warmUp: 4 },
  training: { enabled: false },
  metrics: { series: ['north', 'a "b"/c'], step: 1 },
}
const PIPELINES = {
  load: LOAD,
  gated: { ...SMALL, model: { hidden: 8 }, training: { ...TRAINED, updates: 100_000 } },
  rectified: { ...SMALL, model: { cell: 'rnn', activation: 'relu', hidden: 8 }, training: TRAINED },
  words: { kind: 'symbols', training: { enabled: false } },
  // Each forecast is 20,000 numbers: a record takes milliseconds.
  slow: { ...SMALL, horizon: 1000, quantiles: levels(21), training: { enabled: false } },
}

const VARIABLES = {
  __rate_interval: '30s',
  __from: '0',
  __to: '4102444800000',
  series: encodeURIComponent('north'),
  named: '.*',
}

/** Panels that show what need not be: their queries are answered, if by nothing or by NaN. */
const MAY_BE_NOTHING = [
  // Nothing runs in the shadow.
  'learning.json, Loss in the shadow, A',
  // More than 1 % of the gradient may be left at the end of a chunk.
  'learning.json, Reach, steps, A',
]

describe('a real Prometheus and a daemon under load', { skip: WITHOUT_PROMETHEUS }, () => {
  test('every panel has data, and alerts fire on faults of lag, accuracy and training', async (t) => {
    await withDataDirectory(async (dataDir) => {
      await withLogOf(dataDir, ({ models }) => pinNetwork(models, pipelineConfig('load', LOAD), ['north']))
      const daemon = await DaemonProcess.start(dataDir, { log: { level: 'warn' }, pipelines: PIPELINES })
      const prometheus = await Prometheus.start(dataDir, await daemon.listening, await soon(RULES))
      try {
        const { code, text } = await promtool(['check', 'metrics'], await daemon.text('/metrics'))
        assert.deepEqual({ code, text }, { code: 0, text: '' }, 'of a daemon at work')
        const load = new Load(daemon)
        await load.history()
        const feeding = load.goOn()
        try {
          await trainerFailure(daemon, prometheus)
          t.diagnostic('a trainer that is killed: alert')
          await fires(prometheus, 'TidecastWorseThanBaseline', 'load')
          t.diagnostic('a network worse than the baseline: alert')
          await panels(daemon, prometheus)
          t.diagnostic('all panels')
        } finally {
          load.enough = true
          await feeding
        }
        await load.flood()
        await fires(prometheus, 'TidecastLagging', 'slow')
        t.diagnostic('a backlog: alert')
      } finally {
        await prometheus.stop()
        await daemon.kill()
      }
    })
  })
})

/** The rules as they are, but for how long a fault has to last, and how far back rates look. */
async function soon(file: string): Promise<string> {
  const rules = await readFile(file, 'utf8')
  return rules.replace(/for: \d+[mh]/g, 'for: 1s').replace(/\[5m\]/g, '[10s]')
}

async function fires(prometheus: Prometheus, alert: string, pipeline: string): Promise<void> {
  const expr = `ALERTS{alertname="${alert}", pipeline="${pipeline}", alertstate="firing"}`
  await prometheus.until(async () => (await prometheus.query(expr)).length > 0, expr)
}

/** The trainer is killed; what follows is trained in peace. */
async function trainerFailure(daemon: DaemonProcess, prometheus: Prometheus): Promise<void> {
  const train = async (pipeline: string): Promise<void> => {
    assert.equal(await daemon.ask(`/api/v1/pipelines/${pipeline}/train`), 202)
  }
  await train('gated')
  const updates = 'tidecast_training_updates{pipeline="gated"} > 0'
  const reach = 'tidecast_training_gradient_reach_steps{pipeline="gated"}'
  for (const expr of [updates, reach]) {
    await prometheus.until(async () => (await prometheus.query(expr)).length > 0, expr)
  }
  process.kill(daemon.trainer()!, 'SIGKILL')
  await fires(prometheus, 'TidecastTrainingFailing', 'gated')
  await train('rectified')
}

/** Until the query of every panel has been answered with data. */
async function panels(daemon: DaemonProcess, prometheus: Prometheus): Promise<void> {
  for (const { name, target } of await panelQueries()) {
    const several = name.startsWith('series.json') ? 'load' : '.*'
    const variables = { ...VARIABLES, pipeline: several }
    const nothing = MAY_BE_NOTHING.includes(name)
    await prometheus.until(
      async () => nothing || (await hasData(target, variables, daemon, prometheus)),
      `${name}: ${JSON.stringify(target)}`,
    )
  }
}

async function hasData(
  target: Target,
  variables: Readonly<Record<string, string>>,
  daemon: DaemonProcess,
  prometheus: Prometheus,
): Promise<boolean> {
  if (target.kind === 'prometheus') {
    const samples = await prometheus.query(filledIn(target.expr, variables))
    return samples.some(({ value }) => Number.isFinite(value))
  }
  const answer = await daemon.get<Readonly<Record<string, readonly object[]>>>(
    filledIn(target.path, variables),
  )
  const rows = answer[target.rows] ?? []
  return target.columns.every((column) => rows.some((row) => column in row))
}

function levels(count: number): number[] {
  return Array.from({ length: count }, (_, i) => (i + 1) / (count + 1))
}

/** A stream for each pipeline. */
class Load {
  enough = false
  private t = 0
  private readonly start = Math.floor(Date.now() / MINUTE) * MINUTE - 1000 * MINUTE

  constructor(private readonly daemon: DaemonProcess) {}

  /** Enough of the past for networks and baselines to forecast from. */
  async history(): Promise<void> {
    await this.feed(600)
  }

  /** A step of every series a few times a second, with a record that is none now and then. */
  async goOn(): Promise<void> {
    while (!this.enough) {
      await this.feed(1)
      await pause(100)
      await this.daemon.ingest('load', '{"series":"north","ts":"yesterday","value":1}\n')
    }
  }

  /** More than a minute of work. */
  async flood(): Promise<void> {
    const lines: string[] = []
    for (let i = 0; i < 40_000; i++) lines.push(line('s', this.start + i * MINUTE, Math.sin(i)))
    await this.daemon.ingest('slow', lines.join(''))
  }

  private async feed(steps: number): Promise<void> {
    const { daemon, start } = this
    const from = this.t
    this.t += steps
    const at = Array.from({ length: steps }, (_, i) => from + i)
    const numbers = (series: readonly string[]): string =>
      at.flatMap((t) => series.map((name) => line(name, start + t * MINUTE, wave(name, t)))).join('')
    await daemon.ingest('load', numbers(['north', 'a "b"/c', 'other']))
    for (const topic of ['gated', 'rectified']) await daemon.ingest(topic, numbers(['x', 'y']))
    await daemon.ingest(
      'words',
      at.map((t) => line('door', start + t * MINUTE, t % 3 === 0 ? 'open' : 'shut')).join(''),
    )
  }
}

function wave(series: string, t: number): number {
  return 100 + series.length + 10 * Math.sin((2 * Math.PI * t) / 12) + Math.sin(t * t)
}

function line(series: string, ts: number, value: number | string): string {
  return `${JSON.stringify({ series, ts, value })}\n`
}
