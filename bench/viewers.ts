import { fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { readPage } from '../src/adapters/http/page-files.js'
import { startHttp, type HttpServer } from '../src/adapters/http/server.js'
import { SeriesDesk } from '../src/cli/series-desk.js'
import type { Pipeline } from '../src/pipeline/pipeline.js'
import { createTelemetry } from '../src/telemetry/telemetry.js'
import { Household } from './household.js'
import type { Figure } from './figure.js'
import type { ViewersOrder } from './viewers-process.js'
import { Workbench } from './workbench.js'

const VIEWERS = 10
const SERIES = 1000
const APPEND = 5000
/** Without and with viewers: so that whatever drifts with time falls on both alike. */
const ROUNDS = [false, true, true, false, false, true, true, false, false, true, true, false]
const SETTLE_MS = 1000
const ROUND_MS = 3000
/** Records that wait before a round: more than a fast machine takes in it. */
const BACKLOG = 400_000

/** What people who keep the page open cost the stream: the same backlog, with and without ten of them by turns. */
export async function benchViewers(): Promise<Figure[]> {
  const bench = await Workbench.open()
  const viewers = fork(fileURLToPath(new URL('./viewers-process.js', import.meta.url)))
  let server: HttpServer | undefined
  try {
    const config = Workbench.config({ interval: '1m', season: [60, 420], horizon: 24 })
    const { topic } = config
    await bench.broker.ensureTopics([{ name: topic, partitions: 1 }])
    await bench.pinModel(config)
    const household = await Household.read()
    const pipeline = bench.pipeline(config)
    let step = 0
    const waiting = (): number => step * SERIES - pipeline.progress.records
    const fill = async (): Promise<void> => {
      for (; waiting() < BACKLOG; step += APPEND / SERIES) {
        await bench.broker.append(household.records(topic, SERIES, step, step + APPEND / SERIES))
      }
    }
    server = await serve(pipeline)
    await fill()
    await pipeline.start()
    await Workbench.settled(pipeline, 100 * SERIES)
    const rates = { without: [] as number[], with: [] as number[] }
    for (const watched of ROUNDS) {
      const order: ViewersOrder = { url: server.url, viewers: watched ? VIEWERS : 0, pipeline: config.name }
      viewers.send(order)
      await once(viewers, 'message')
      await fill()
      await pause(SETTLE_MS)
      rates[watched ? 'with' : 'without'].push(await rateOf(pipeline))
      if (waiting() < SERIES)
        throw new Error('the backlog has run out: this is not the rate of a busy stream')
    }
    await pipeline.stop()
    const [alone, watched] = [mean(rates.without), mean(rates.with)]
    return [
      { name: 'viewers: records without any', value: alone, unit: 'records/s' },
      { name: `viewers: records with ${VIEWERS}`, value: watched, unit: 'records/s' },
      { name: `viewers: what ${VIEWERS} cost the stream`, value: 100 * (1 - watched / alone), unit: '%' },
    ]
  } finally {
    viewers.kill()
    await server?.close()
    await bench.close()
  }
}

async function serve(pipeline: Pipeline): Promise<HttpServer> {
  const series = new SeriesDesk(() => pipeline.series)
  return startHttp({
    host: '127.0.0.1',
    port: 0,
    token: () => 'nobody-changes-anything',
    maxBodyBytes: 1024,
    maxRecordsPerRequest: 1,
    telemetry: createTelemetry({
      level: 'warn',
      format: 'json',
      destination: process.stderr,
      version: 'bench',
    }),
    control: {
      alive: () => true,
      notReady: () => null,
      pipelines: () => [pipeline.status()],
      latestForecast: async (_, name) => pipeline.latestForecast(name),
      sample: async () => null,
      ingest: async () => ({ kind: 'unknown-topic' }),
    },
    views: { series, problems: () => [] },
    page: await readPage(fileURLToPath(new URL('../page', import.meta.url))),
  })
}

/** Records per second, now. */
async function rateOf(pipeline: Pipeline): Promise<number> {
  const [began, before] = [performance.now(), pipeline.progress.records]
  await pause(ROUND_MS)
  return ((pipeline.progress.records - before) / (performance.now() - began)) * 1000
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
