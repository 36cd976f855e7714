import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { readPage } from '../../src/adapters/http/page-files.js'
import type { Forecast } from '../../src/core/forecast/format.js'
import type { SeriesControl, SeriesSummary } from '../../src/ports/control/series.js'
import { serve, STATUS } from '../adapters/http/harness.js'
import { launchBrowser, WITHOUT_BROWSER } from '../support/browser.js'
import { long } from '../support/run-options.js'

const SERIES = 100_000
const HOUR = 3_600_000
/** The best of these counts: other tests run beside this one. */
const TRIES = 3
const LIMIT_MS = long ? 1000 : 3000
/** How long a page is left open, and into how many stretches that is divided: in the long form a trend would show. */
const OPEN_MS = long ? 40 * 60_000 : 4000
const LOOKS = long ? 40 : 1
const HORIZON = 600
/** Many, so that forecasts that were kept would soon be seen. */
const LEVELS = Array.from({ length: 19 }, (_, i) => (i + 1) / 20)
const FORM = { ...STATUS.form, horizon: HORIZON, quantiles: LEVELS }

const names = Array.from({ length: SERIES }, (_, i) => `series-${String(i).padStart(6, '0')}`)

/** A hundred observations and a forecast of 600 steps with every tick of the stream of events. */
function busySeries(): SeriesControl {
  let now = 0
  const summary = (series: string): SeriesSummary => ({
    series,
    observations: 1,
    lastAt: 0,
    lastValue: 1,
    mase: 1,
    coverage: 0.8,
    anomalyScore: 0,
    stale: false,
  })
  const forecastAt = (origin: number): Forecast => ({
    pipeline: 'p',
    series: 's',
    origin: new Date(origin).toISOString(),
    interval: 'PT1H',
    horizon: HORIZON,
    model: 'baseline@1',
    quantiles: Object.fromEntries(
      FORM.quantiles.map((level) => [level, Array.from({ length: HORIZON }, (_, h) => level + h)]),
    ),
  })
  return {
    list: async (_, { offset, limit }) => ({
      total: SERIES,
      items: names.slice(offset, offset + limit).map(summary),
    }),
    state: async () => null,
    history: async () => ({ observations: [[0, 1]], complete: true }),
    forecasts: async () => ({ forecasts: [forecastAt(0)], complete: true, baseline: null, challenger: null }),
    steps: async () => ({ rows: [], complete: true }),
    whatIf: async () => null,
    beside: () => ({ baseline: forecastAt(now), challenger: null }),
    since: () => {
      const observations = Array.from({ length: 100 }, () => [(now += HOUR), Math.sin(now)] as const)
      return { observations, forecast: JSON.stringify(forecastAt(now)) }
    },
  }
}

async function serveMany(t: TestContext): Promise<string> {
  const page = await readPage(fileURLToPath(new URL('../../page', import.meta.url)))
  const status = { ...STATUS, series: SERIES, form: FORM }
  const { server } = await serve(
    t,
    { pipelines: () => [status] },
    { page, views: { series: busySeries(), problems: () => [] } },
  )
  return server.url
}

test(
  'the list of 100,000 series is there soon, and its end as soon',
  { skip: WITHOUT_BROWSER },
  async (t) => {
    const url = await serveMany(t)
    const browser = await launchBrowser()
    t.after(() => browser.close())
    const times: number[] = []
    for (let i = 0; i < TRIES; i++) {
      const page = await browser.newPage()
      const started = performance.now()
      await page.goto(`${url}/#/series`)
      await page.getByText(names[0]!).waitFor()
      times.push(performance.now() - started)
      if (i < TRIES - 1) {
        await page.close()
        continue
      }
      await page.getByRole('listbox').focus()
      await page.keyboard.press('End')
      await page.getByText(names.at(-1)!).waitFor()
      assert.ok((await page.getByRole('option').count()) < 60, 'only what can be seen is drawn')
    }
    t.diagnostic(`ms until the list could be read: ${times.map(Math.round).join(', ')}`)
    assert.ok(Math.min(...times) < LIMIT_MS, String(times))
  },
)

test('a page that is left open takes no more memory with time', { skip: WITHOUT_BROWSER }, async (t) => {
  const url = await serveMany(t)
  const browser = await launchBrowser()
  t.after(() => browser.close())
  const page = await browser.newPage()
  const session = await page.context().newCDPSession(page)
  await page.goto(`${url}/#/series?pipeline=p&series=s`)
  /** The least of a few seconds: what the collector has not come to yet is not kept. */
  const least = async (): Promise<number> => {
    const sizes: number[] = []
    for (let i = 0; i < 4; i++) {
      await page.waitForTimeout(1000)
      await session.send('HeapProfiler.collectGarbage')
      sizes.push((await session.send('Runtime.getHeapUsage')).usedSize)
    }
    return Math.min(...sizes)
  }
  // As much is kept as ever is.
  await page.getByRole('img', { name: /2000 observations/ }).waitFor()
  const began = performance.now()
  const seen: { readonly hours: number; readonly bytes: number }[] = []
  const sample = async (): Promise<void> => {
    const bytes = await least()
    seen.push({ hours: (performance.now() - began) / 3_600_000, bytes })
  }
  await sample()
  do {
    await page.waitForTimeout(OPEN_MS / LOOKS)
    await sample()
  } while (performance.now() - began < OPEN_MS)
  const [first, last] = [seen[0]!.bytes, seen.at(-1)!.bytes]
  const perHour = long ? slopeOf(seen) : 0
  t.diagnostic(`${megabytes(first)}, then ${megabytes(last)}; ${megabytes(perHour)} an hour`)
  assert.ok(last < first * 1.15 + 1_000_000, `${first} bytes, then ${last}`)
  assert.ok(perHour < first * 0.1, `${perHour} bytes an hour more, of ${first}`)
})

/** Bytes an hour, by least squares. */
function slopeOf(seen: readonly { readonly hours: number; readonly bytes: number }[]): number {
  const mean = (of: (one: (typeof seen)[number]) => number): number =>
    seen.reduce((sum, one) => sum + of(one), 0) / seen.length
  const [hours, bytes] = [mean((one) => one.hours), mean((one) => one.bytes)]
  const covariance = mean((one) => (one.hours - hours) * (one.bytes - bytes))
  return covariance / mean((one) => (one.hours - hours) ** 2)
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(2)} MB`
}
