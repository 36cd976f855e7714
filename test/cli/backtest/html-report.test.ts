import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import type { Browser } from 'playwright-core'
import { launchBrowser, seriousFindings, visit, WITHOUT_BROWSER } from '../../support/browser.js'

const BINARY = fileURLToPath(new URL('../../../../bin/tidecast.js', import.meta.url))
const HOSTILE = `<img src=x onerror="alert(1)">'`
const HOURS = 600

/** Two series with a daily course, one of which has a name that must not become HTML. */
function csv(): string {
  const rows = Array.from({ length: HOURS }, (_, hour) => {
    const ts = new Date(hour * 3_600_000).toISOString()
    const value = 100 + 30 * Math.sin((hour * Math.PI) / 12) + ((hour * 7919) % 11)
    return `calm,${ts},${value.toFixed(1)}\n"${HOSTILE.replaceAll('"', '""')}",${ts},${(value * 7).toFixed(1)}`
  })
  return `series,ts,value\n${rows.join('\n')}\n`
}

describe('the report of a backtest as a page', () => {
  let folder: string
  let file: string
  let page: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tidecast-report-'))
    file = join(folder, 'report.html')
    await writeFile(join(folder, 'my data.csv'), csv())
    const options = ['--data', 'my data.csv', '--season', '24', '--compare', 'gru', '--html', file]
    const rolling = ['--retrain-every', '60', '--set', 'training.minNew=48']
    const brief = ['--set', 'training.updates=2', '--stride', '5', ...rolling]
    await promisify(execFile)(process.execPath, [BINARY, 'backtest', ...options, ...brief], { cwd: folder })
    page = await readFile(file, 'utf8')
  })
  after(() => rm(folder, { recursive: true, force: true }))

  test('it needs nothing else: no script, no other file, no network', () => {
    for (const foreign of [
      /<script/i,
      /<link/i,
      /<img/i,
      /<iframe/i,
      /\bsrc=/i,
      /\bhref=/i,
      /url\(/i,
      /@import/i,
      /https?:/i,
    ]) {
      // What is text of the data or of the command is escaped, and no part of the page.
      assert.doesNotMatch(page.replaceAll(/&lt;img.*?&gt;/g, ''), foreign)
    }
  })

  test('what is in the data stays text, and the command that made it can be pasted into a shell', () => {
    assert.match(page, /&lt;img src=x onerror=&quot;alert\(1\)&quot;&gt;&#39;/)
    assert.match(page, /tidecast backtest --data &#39;my data\.csv&#39; --season 24 --compare gru/)
  })

  test('each retraining has charts of its own that say what became of it, and no two lines of a chart look alike', () => {
    for (const what of ['training loss', 'gradient norm'])
      assert.match(page, new RegExp(`<h3>gru@2: ${what}</h3>`))
    assert.match(page, /: the gate (takes it|refuses it, [a-z, ]+)\.<\/p>/)
    const headings = [...page.matchAll(/<h3[^>]*>(.*?)<\/h3>/gs)].map(([, text]) => text)
    assert.deepEqual(headings, [...new Set(headings)])
    for (const [svg] of page.matchAll(/<svg.*?<\/svg>/gs)) {
      const lines = [...svg.matchAll(/class="line ([^"]+)"/g)].map(([, name]) => name)
      assert.deepEqual(lines, [...new Set(lines)])
    }
  })

  test('no two marks of an axis say the same', () => {
    const charts = [...page.matchAll(/<svg.*?<\/svg>/gs)]
    assert.ok(charts.length >= 10)
    for (const [svg] of charts) {
      const labels = [...svg.matchAll(/class="y"[^>]*>([^<]+)</g)].map(([, text]) => text!.trim())
      assert.ok(labels.length >= 2, svg)
      assert.deepEqual(labels, [...new Set(labels)])
    }
  })

  describe('in a browser', { skip: WITHOUT_BROWSER }, () => {
    let browser: Browser
    before(async () => (browser = await launchBrowser()))
    after(() => browser.close())

    for (const colorScheme of ['light', 'dark'] as const) {
      test(`${colorScheme}: charts have names and tables, nothing is hard to read, one model's fans are shown`, async () => {
        const context = await browser.newContext({ colorScheme, viewport: { width: 390, height: 800 } })
        const requests: string[] = []
        context.on('request', (request) => requests.push(request.url()))
        const { page, troubles } = await visit(context, pathToFileURL(file).href)
        for (const name of ['Calibration', 'Coverage over time', 'Training loss', 'Gradient norm']) {
          const figure = page
            .getByRole('figure')
            .filter({ has: page.getByRole('heading', { name, exact: true }) })
          await figure.getByRole('img', { name }).waitFor()
          await figure.getByText('Table').click()
          assert.ok((await figure.getByRole('row').count()) > 2, name)
        }
        const shown = (model: string): Promise<number> => page.locator(`g.fans.m-${model}:visible`).count()
        assert.deepEqual([await shown('gru'), await shown('baseline')], [2, 0])
        await page.getByText('baseline', { exact: true }).locator('visible=true').nth(0).waitFor()
        await page.getByRole('radio', { name: 'baseline' }).check({ force: true })
        assert.deepEqual([await shown('gru'), await shown('baseline')], [0, 2])
        assert.deepEqual(await seriousFindings(page), [])
        const sideways = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
        assert.ok(sideways <= 0, `${sideways} pixels too wide for a phone`)
        assert.deepEqual(troubles, [])
        assert.equal(requests.length, 1)
        await context.close()
      })
    }
  })
})
