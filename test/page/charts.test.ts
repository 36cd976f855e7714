import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { readPage } from '../../src/adapters/http/page-files.js'
import type { HttpServer } from '../../src/adapters/http/server.js'
import type { Forecast } from '../../src/core/forecast/format.js'
import type { SeriesControl, SeriesSummary } from '../../src/ports/control/series.js'
import { openServer, STATUS } from '../adapters/http/harness.js'
import { launchBrowser, visit, WITHOUT_BROWSER } from '../support/browser.js'

const HOUR = 3_600_000
const START = Date.parse('2026-03-02T00:00:00Z')
const HOURS = 48
const HORIZON = 3
const FORM = { ...STATUS.form, horizon: HORIZON }
const VIEW = '#/series?pipeline=p&series=s'

const timeOf = (hour: number): number => START + hour * HOUR
/** The tenth hour is missing. */
const observations = Array.from(
  { length: HOURS },
  (_, hour) => [timeOf(hour), hour === 10 ? null : hour] as const,
)

/** From the newest hour on: so much above it, and ±1. */
function forecastBy(model: string, above: number): Forecast {
  const steps = (shift: number): number[] =>
    Array.from({ length: HORIZON }, (_, h) => HOURS + h + above + shift)
  return {
    pipeline: 'p',
    series: 's',
    origin: new Date(timeOf(HOURS - 1)).toISOString(),
    interval: 'PT1H',
    horizon: HORIZON,
    model,
    quantiles: { '0.1': steps(-1), '0.5': steps(0), '0.9': steps(1) },
  }
}

const summary: SeriesSummary = {
  series: 's',
  observations: HOURS,
  lastAt: timeOf(HOURS - 1),
  lastValue: HOURS - 1,
  mase: 0.5,
  coverage: 0.8,
  anomalyScore: 2,
  stale: true,
}

/** @param newest time of the newest observation, ms */
function seriesOf(challenger: () => Forecast | null, newest: () => number): SeriesControl {
  const baseline = forecastBy('baseline@1', 5)
  return {
    list: async () => ({ total: 1, items: [summary] }),
    state: async () => null,
    history: async () => ({ observations, complete: true }),
    forecasts: async () => ({
      forecasts: [forecastBy('gru@1', 0.25)],
      complete: true,
      baseline,
      challenger: challenger(),
    }),
    steps: async () => ({
      rows: [[timeOf(20), { '0.1': 21, '0.5': 22, '0.9': 23 }]],
      complete: true,
    }),
    whatIf: async () => null,
    since: (_, __, ts) => ({
      observations: ts < newest() ? [[newest(), HOURS - 1]] : [],
      forecast: null,
    }),
    beside: () => ({ baseline, challenger: challenger() }),
  }
}

describe('charts in a browser, of series that are known to the last digit', { skip: WITHOUT_BROWSER }, () => {
  let server: HttpServer
  let browser: Browser
  let challenger: Forecast | null = null
  let newest = timeOf(HOURS - 1)

  before(async () => {
    const page = await readPage(fileURLToPath(new URL('../../page', import.meta.url)))
    const pipelines = () => [{ ...STATUS, form: FORM }]
    const views = {
      series: seriesOf(
        () => challenger,
        () => newest,
      ),
      problems: () => [],
    }
    ;({ server } = await openServer({ pipelines }, { page, views }))
    browser = await launchBrowser()
  })
  after(async () => {
    await browser.close()
    await server.close()
  })

  const open = async (options: BrowserContextOptions = {}): Promise<Page> => {
    const context = await browser.newContext({ locale: 'en', timezoneId: 'Asia/Tokyo', ...options })
    context.setDefaultTimeout(30_000)
    const { page } = await visit(context, `${server.url}/${VIEW}`)
    await page.getByRole('img', { name: /48 observations/ }).waitFor()
    return page
  }

  /** What a button of the first chart gives. */
  const downloaded = async (page: Page, name: string): Promise<{ name: string; content: Buffer }> => {
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name, exact: true }).first().click(),
    ])
    return { name: file.suggestedFilename(), content: await readFile(await file.path()) }
  }

  test('what publishes, the challenger in its shadow and the baseline stand side by side', async () => {
    challenger = forecastBy('lstm@2', -2)
    const page = await open()
    const table = page.getByRole('region', { name: 'Side by side' })
    const rows = await table.locator('tbody tr').allInnerTexts()
    assert.deepEqual(
      rows.map((row) => row.split('\t')),
      [
        ['Published', 'gru@1', '48.25', '47.25 – 49.25', '50.25', '49.25 – 51.25'],
        ['Challenger', 'lstm@2', '46', '45 – 47', '48', '47 – 49'],
        ['Baseline', 'baseline@1', '53', '52 – 54', '55', '54 – 56'],
      ],
    )
    await page.getByText('Table').first().click()
    for (const name of ['Challenger', 'Baseline'])
      await page.getByRole('columnheader', { name }).first().waitFor()
  })

  test('a challenger that comes later joins, without being asked for', async () => {
    challenger = null
    const page = await open()
    await page.getByRole('region', { name: 'Side by side' }).getByText('baseline@1').waitFor()
    assert.equal(await page.getByText('Challenger').count(), 0)
    challenger = forecastBy('lstm@2', -2)
    // Something has come: it is looked what others say of it.
    newest += 1
    await page.getByRole('region', { name: 'Side by side' }).getByText('lstm@2').waitFor()
    newest -= 1
  })

  test('the CSV holds every value of the chart, in UTC and unrounded', async () => {
    challenger = null
    const { name, content } = await downloaded(await open(), 'CSV')
    assert.equal(name, 's-p.csv')
    const [head, ...lines] = content.toString().split('\r\n')
    assert.equal(
      head,
      'time,"Lower bound, made 1 h before","Upper bound, made 1 h before",Made 1 h before,' +
        '"Lower bound, forecast","Upper bound, forecast",Forecast,Baseline,Actual,Outside the band',
    )
    assert.equal(lines.length, HOURS + HORIZON + 1)
    assert.equal(lines[10], '2026-03-02T10:00:00.000Z,,,,,,,,,')
    assert.equal(lines[20], '2026-03-02T20:00:00.000Z,21,23,22,,,,,20,20')
    assert.equal(lines[HOURS], '2026-03-04T00:00:00.000Z,,,,47.25,49.25,48.25,53,,')
    assert.equal(lines.at(-1), '')
  })

  test('the PNG is the chart: of its size, with the colours of its lines on the background', async () => {
    const page = await open({ deviceScaleFactor: 2 })
    const box = (await page.locator('.plot canvas').first().boundingBox())!
    const { name, content } = await downloaded(page, 'PNG')
    assert.equal(name, 's-p.png')
    assert.equal(content.subarray(1, 4).toString(), 'PNG')
    assert.equal(content.readUInt32BE(16), Math.round(box.width * 2))
    // Above it stand title and legend.
    const head = content.readUInt32BE(20) / 2 - box.height
    assert.ok(head >= 50 && head <= 120, String(head))
    const colours = await page.evaluate<readonly string[]>(`(async () => {
      const bytes = Uint8Array.from(atob('${content.toString('base64')}'), (letter) => letter.charCodeAt(0))
      const bitmap = await createImageBitmap(new Blob([bytes]))
      const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d')
      context.drawImage(bitmap, 0, 0)
      const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height)
      const found = new Set()
      for (let i = 0; i < data.length; i += 4) found.add(data.subarray(i, i + 4).join())
      return [...found]
    })()`)
    assert.ok(
      colours.every((colour) => colour.endsWith(',255')),
      'nothing shines through',
    )
    // The surface, what was observed, what is forecast.
    for (const colour of ['255,255,255,255', '26,32,39,255', '0,114,178,255']) {
      assert.ok(colours.includes(colour), colour)
    }
  })

  test('a series that others have gone on without is marked, and so is what is unusual', async () => {
    const page = await open()
    await page.getByRole('option', { name: /silent for .* · ◆ unusual/ }).waitFor()
  })
})
