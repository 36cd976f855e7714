import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test, type TestContext } from 'node:test'
import { Command } from 'commander'
import { registerWatch } from '../../../src/cli/watch.js'
import type { SeriesControl, SeriesNews } from '../../../src/ports/control/series.js'
import { serve, STATUS } from '../../adapters/http/harness.js'

const HOUR = 3_600_000
const FORECAST = {
  pipeline: 'p',
  series: 'a',
  origin: new Date(9 * HOUR).toISOString(),
  interval: 'PT1H',
  horizon: 2,
  model: 'gru@1',
  quantiles: { '0.1': [1, 2], '0.5': [3, 4], '0.9': [5, 6] },
}

function views(news: () => SeriesNews) {
  const summary = {
    series: 'a',
    observations: 10,
    lastAt: 9 * HOUR,
    lastValue: 9,
    mase: 0.5,
    coverage: 0.8,
    anomalyScore: null,
    stale: false,
  }
  const series = {
    list: async () => ({ total: 1, items: [summary] }),
    state: async (_: string, name: string) => (name === 'a' ? summary : null),
    history: async () => ({
      observations: Array.from({ length: 10 }, (_, t) => [t * HOUR, t] as const),
      complete: true,
    }),
    forecasts: async () => ({ forecasts: [FORECAST], complete: true, baseline: null }),
    beside: () => ({ baseline: null, challenger: null }),
    since: (_: string, __: string, ts: number) => {
      const { observations, forecast } = news()
      return { observations: observations.filter(([at]) => at > ts), forecast }
    },
  } as unknown as SeriesControl
  return { views: { series, problems: () => [] } }
}

/** The command with a screen and a keyboard. */
class Session {
  readonly keys = Object.assign(new PassThrough(), {
    isTTY: true,
    raw: false,
    setRawMode(mode: boolean) {
      this.raw = mode
    },
  })
  readonly stdout = Object.assign(new PassThrough(), { isTTY: true, columns: 80, rows: 24 })
  drawn = ''
  readonly ended: Promise<unknown>
  private wake = (): void => undefined

  constructor(url: string, argv: readonly string[], env: Record<string, string> = {}, isTTY = true) {
    this.stdout.isTTY = isTTY
    this.stdout.on('data', (chunk: Buffer) => {
      this.drawn += chunk.toString()
      this.wake()
    })
    const program = new Command('tidecast').exitOverride()
    const { port } = new URL(url)
    registerWatch(program, {
      env: { TIDECAST_HTTP_PORT: port, ...env },
      cwd: '/',
      args: argv,
      stdin: this.keys,
      stdout: this.stdout,
      stderr: new PassThrough(),
      isTTY,
      exit: () => undefined,
      signal: new AbortController().signal,
      pid: 1,
      version: 'test',
    })
    this.ended = program.parseAsync(['watch', ...argv], { from: 'user' })
    this.ended.catch(() => undefined)
  }

  /** What is drawn from now on matches. */
  async sees(what: RegExp): Promise<void> {
    while (!what.test(this.drawn)) await new Promise<void>((resolve) => (this.wake = resolve))
    this.drawn = ''
  }
}

async function served(t: TestContext, news: () => SeriesNews = () => ({ observations: [], forecast: null })) {
  return serve(t, { pipelines: () => [STATUS] }, views(news))
}

test('without a terminal, one plain frame is printed', async (t) => {
  const { server } = await served(t)
  const session = new Session(server.url, [], {}, false)
  await session.ended
  assert.match(session.drawn, /^a {2}p, gru@1\nlast 9 at 1970-01-01 09:00 UTC/)
  assert.ok(!session.drawn.includes('\u001B'))
})

test('on a terminal it is live until q, and the terminal is given back', async (t) => {
  let news: SeriesNews = { observations: [], forecast: null }
  const { server } = await served(t, () => news)
  const session = new Session(server.url, ['a'], { NO_COLOR: '1' })
  await session.sees(/last 9 at/)
  assert.ok(session.keys.raw)
  news = {
    observations: [[10 * HOUR, 77]],
    forecast: JSON.stringify({ ...FORECAST, quantiles: { '0.1': [70, 1], '0.5': [71, 1], '0.9': [72, 1] } }),
  }
  await session.sees(/last 77 at 1970-01-01 10:00 UTC · next 71 \(70 to 72\)/)
  session.stdout.columns = 40
  session.stdout.emit('resize')
  await session.sees(/last 77 at 1970-01-01 10:00 UTC · next …/)
  session.keys.write('q')
  await session.ended
  assert.ok(session.drawn.endsWith('\u001B[?7h\u001B[?25h\u001B[?1049l'))
  assert.ok(!session.keys.raw)
})

test('a daemon that goes is told, and when it is back, so is the series', async (t) => {
  const first = await served(t)
  const session = new Session(first.server.url, ['a'])
  await session.sees(/last 9 at/)
  await first.server.close()
  await session.sees(/disconnected from .*; trying again/)
  const { port } = new URL(first.server.url)
  await serve(t, {}, { ...views(() => ({ observations: [], forecast: null })), port: Number(port) })
  await session.sees(/running, 0 records\/s/)
  session.keys.write('\u0003')
  await session.ended
})

test('what cannot be watched is told in words', async (t) => {
  const { server } = await served(t)
  await assert.rejects(new Session(server.url, ['b']).ended, /nothing is known of series "b" in "p"/)
  await assert.rejects(
    new Session(server.url, ['a', '--pipeline', 'x']).ended,
    /no pipeline "x"; there are: p/,
  )
  await server.close()
  await assert.rejects(new Session(server.url, ['a']).ended, /no daemon answers/)
})
