import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brokerPlace, openBroker } from '../src/cli/broker.js'
import { launchTrainer } from '../src/cli/launch-trainer.js'
import { loadConfig } from '../src/config/load.js'
import { systemClock } from '../src/ports/clock.js'
import type { Figure } from './figure.js'
import { Household } from './household.js'
import { Workbench } from './workbench.js'

const SETTINGS = { interval: '1m', season: [60, 420], horizon: 24 }
const APPEND = 5000
/** As /proc counts processor time. */
const TICKS_PER_SECOND = 100
const LOOK_MS = 100

/** What `tidecast doctor --sizing` counts with: processor time of a record, memory of a series, a training's needs. */
export async function benchSizing(): Promise<Figure[]> {
  await running(1000, 3) // compiled code and caches
  const few = await running(1000, 100)
  const many = await running(50_000, 2)
  return [
    { name: 'processor time of a record, 1,000 series', value: few.microseconds, unit: 'µs' },
    { name: 'processor time of a record, 50,000 new series', value: many.microseconds, unit: 'µs' },
    { name: 'resident memory before there are series', value: few.before / 1e6, unit: 'MB' },
    { name: 'resident memory for a byte of state', value: many.grown / 50_000 / many.state, unit: 'bytes' },
    ...(await training(250)),
    ...(await training(1000)),
  ]
}

async function running(
  series: number,
  steps: number,
): Promise<{ microseconds: number; before: number; grown: number; state: number }> {
  const bench = await Workbench.open()
  try {
    const config = Workbench.config(SETTINGS)
    const { topic } = config
    await bench.broker.ensureTopics([{ name: topic, partitions: 1 }])
    await bench.pinModel(config)
    const records = (await Household.read()).records(topic, series, 0, steps)
    for (let i = 0; i < records.length; i += APPEND) await bench.broker.append(records.slice(i, i + APPEND))
    const pipeline = bench.pipeline(config)
    const before = process.memoryUsage.rss()
    const from = process.cpuUsage()
    await pipeline.start()
    await Workbench.settled(pipeline, records.length)
    const { user, system } = process.cpuUsage(from)
    const grown = process.memoryUsage.rss() - before
    const state = pipeline.bytesPerSeries()
    await pipeline.stop()
    return { microseconds: (user + system) / records.length, before, grown, state }
  } finally {
    await bench.close()
  }
}

/** A first training on 200 steps of so many series, in its process. Linux only. */
async function training(series: number): Promise<Figure[]> {
  const dataDir = await mkdtemp(join(tmpdir(), 'tidecast-bench-'))
  const text = JSON.stringify({ dataDir, pipelines: { bench: { topic: 'data', ...SETTINGS } } })
  const whole = loadConfig({ files: [], text, env: {} })
  const place = brokerPlace(whole, dataDir)
  const broker = await openBroker(place, { clock: systemClock, pid: process.pid })
  try {
    await broker.ensureTopics([{ name: 'data', partitions: 1 }])
    const records = (await Household.read()).records('data', series, 0, 200)
    for (let i = 0; i < records.length; i += APPEND) await broker.append(records.slice(i, i + APPEND))
    const needs = { seconds: 0, megabytes: 0 }
    const timer = setInterval(() => void look(needs), LOOK_MS)
    const job = { log: place, registry: null, backend: 'auto', from: null, until: [] } as const
    await launchTrainer(process.env)(
      { config: whole.pipelines[0]!, ...job },
      () => undefined,
      new AbortController().signal,
    ).finally(() => clearInterval(timer))
    const name = `a training on ${(series * 200).toLocaleString('en')} observations`
    return [
      { name: `${name}: processor time`, value: needs.seconds, unit: 's' },
      { name: `${name}: resident memory`, value: needs.megabytes, unit: 'MB' },
    ]
  } finally {
    await broker.close()
    await rm(dataDir, { recursive: true, force: true })
  }
}

/** What the trainer, the only process that this one has started, has used so far. */
async function look(needs: { seconds: number; megabytes: number }): Promise<void> {
  try {
    const pids = await readFile(`/proc/self/task/${String(process.pid)}/children`, 'utf8')
    const folder = `/proc/${pids.trim().split(' ')[0]!}`
    const [, fields = ''] = (await readFile(`${folder}/stat`, 'utf8')).split(') ')
    const [user = 0, system = 0] = fields.split(' ').slice(11, 13).map(Number)
    const peak = /VmHWM:\s+(\d+)/.exec(await readFile(`${folder}/status`, 'utf8'))
    needs.seconds = (user + system) / TICKS_PER_SECOND
    needs.megabytes = Number(peak?.[1] ?? 0) / 1000
  } catch {
    // It has not begun, or has just ended.
  }
}
