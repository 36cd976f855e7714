import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, BrowserContextOptions } from 'playwright-core'
import { launchBrowser, visit, type Visit } from './browser.js'
import { DaemonProcess, TOKEN } from './daemon-process.js'
import { withLogOf } from './house.js'
import { randomNetwork } from './pinned-network.js'
import { pipelineConfig } from './pipeline-config.js'

export const PIPELINE = 'load'
export const HORIZON = 12
const HOUR = 3_600_000
const START = Date.parse('2026-03-02T00:00:00Z')

/** Names that would do harm where text is taken for something else. */
export const HOSTILE = [
  '<img src=x onerror=alert(1)>',
  '"><script>alert(2)</script>',
  `'); alert("3") //`,
  '${alert(4)} {{5}} %3Cb%3E a/b?c=d&e#f',
  '🌊⚡️ 潮',
  'שלום ‮reversed',
  'long '.repeat(2000),
] as const

export { TOKEN }

/** A daemon on an embedded log of its own, with hourly series of a day's season and two networks, and a browser. */
export class PageAtWork {
  private constructor(
    private readonly folder: string,
    public daemon: DaemonProcess,
    readonly url: string,
    private readonly browser: Browser,
    /** Hours that have been sent. */
    private hours: number,
  ) {}

  static async start(hours = 120): Promise<PageAtWork> {
    const folder = await mkdtemp(join(tmpdir(), 'tidecast-page-'))
    const settings = pipelineConfig(PIPELINE, SETTINGS)
    await withLogOf(folder, async ({ models }) => {
      for (const seed of [1, 2]) await models.put(randomNetwork(settings, ['north'], { seed }))
    })
    const daemon = await DaemonProcess.start(folder, config())
    const page = new PageAtWork(folder, daemon, await daemon.listening, await launchBrowser(), 0)
    await page.feed(hours)
    return page
  }

  /** So many more hours of all series, of which the second has a hole a day. */
  async feed(hours: number): Promise<void> {
    const lines: string[] = []
    for (let hour = this.hours; hour < this.hours + hours; hour++) {
      for (const [i, series] of ['north', 'south', ...HOSTILE].entries()) {
        if (i === 1 && hour % 24 < 3) continue
        lines.push(JSON.stringify({ series, ts: timeOf(hour), value: valueOf(hour, i) }))
      }
    }
    await this.daemon.until(PIPELINE, ({ phase }) => phase === 'running')
    if (!(await this.daemon.ingest(PIPELINE, lines.join('\n')))) throw new Error('the daemon took nothing')
    this.hours += hours
    await this.daemon.untilForecast(PIPELINE, new Map([['north', timeOf(this.hours - 1)]]))
  }

  /** Value of the newest hour of the series `north`. */
  get newest(): number {
    return valueOf(this.hours - 1, 0)
  }

  /** As in its configuration file. */
  config(): object {
    return config()
  }

  async visit(view: string, options: BrowserContextOptions = {}): Promise<Visit> {
    const context = await this.browser.newContext({
      locale: 'en',
      timezoneId: 'Asia/Tokyo',
      viewport: { width: 1280, height: 900 },
      ...options,
    })
    context.setDefaultTimeout(30_000)
    return visit(context, `${this.url}/${view}`)
  }

  /** As after a crash: the new process listens where the old one did. */
  async startAgain(): Promise<void> {
    this.daemon = await DaemonProcess.start(this.folder, config(), Number(new URL(this.url).port))
    await this.daemon.listening
  }

  async stop(): Promise<void> {
    await this.browser.close()
    await this.daemon.kill()
    await rm(this.folder, { recursive: true, force: true })
  }
}

const SETTINGS = {
  interval: '1h',
  season: [24],
  horizon: HORIZON,
  model: { hidden: 16 },
  training: { enabled: false },
  limits: { maxKeyBytes: '16KiB' },
}

function config(): object {
  return { pipelines: { [PIPELINE]: SETTINGS } }
}

function timeOf(hour: number): number {
  return START + hour * HOUR
}

function valueOf(hour: number, series: number): number {
  const day = Math.sin((hour / 24) * 2 * Math.PI)
  return Math.round((100 * (series + 1) + 20 * day + ((hour * 7) % 5)) * 10) / 10
}
