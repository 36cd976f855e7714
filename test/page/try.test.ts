import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Page } from 'playwright-core'
import type { BacktestReport } from '../../src/ports/control/backtest-report.js'
import { seriousFindings, WITHOUT_BROWSER } from '../support/browser.js'
import { PageAtWork, TOKEN } from '../support/page-at-work.js'

const VIEW = '#/try'
const HOUR = 3_600_000
const START = Date.parse('2026-03-02T00:00:00Z')

/** Hours of two series with a day's season. */
function csv(hours: number): string {
  const lines = ['north', 'south'].flatMap((series, i) =>
    Array.from({ length: hours }, (_, hour) => {
      const value = 100 * (i + 1) + 20 * Math.sin((hour * Math.PI) / 12) + ((hour * 7919) % 5)
      return `${series},${new Date(START + hour * HOUR).toISOString()},${value.toFixed(2)}`
    }),
  )
  return `series,ts,value\n${lines.join('\n')}\n`
}

describe('own data in a browser, with a running daemon', { skip: WITHOUT_BROWSER }, () => {
  let work: PageAtWork
  before(async () => (work = await PageAtWork.start(24)))
  after(() => work.stop())

  const give = async (page: Page, token = TOKEN): Promise<void> => {
    await page.getByRole('textbox', { name: 'Token' }).fill(token)
    await page.keyboard.press('Enter')
  }

  /** As a person drags it there. */
  const drop = async (page: Page, name: string, text: string): Promise<void> => {
    await page.getByText('Drop a CSV file').waitFor()
    await page.evaluate(`(() => {
      const transfer = new DataTransfer()
      transfer.items.add(new File([${JSON.stringify(text)}], ${JSON.stringify(name)}, { type: 'text/csv' }))
      const place = document.querySelector('.file-drop')
      for (const kind of ['dragover', 'drop'])
        place.dispatchEvent(new DragEvent(kind, { dataTransfer: transfer, bubbles: true, cancelable: true }))
    })()`)
    await page.getByText(name).waitFor()
  }

  test('a file that is dropped is guessed, backtested with the token, and its report is that of the API', async () => {
    const { page, troubles } = await work.visit(VIEW, { viewport: { width: 1280, height: 1200 } })
    await drop(page, 'my load.csv', csv(400))
    await page.getByText('a step of 1h, seasons of 24 steps').waitFor()
    assert.equal(await page.getByLabel('Interval').inputValue(), '1h')
    assert.equal(await page.getByLabel(/Seasons/).inputValue(), '24')
    await page.getByLabel('Steps ahead').fill('6')
    await page.getByRole('button', { name: 'Backtest' }).click()
    await give(page, 'another-token-0123456789')
    await page.getByRole('alert').filter({ hasText: 'not the token' }).waitFor()
    await give(page)
    await page.getByRole('progressbar').waitFor()
    await page.getByText(/Training gru/).waitFor()
    await page.getByRole('heading', { name: 'Report' }).waitFor({ timeout: 120_000 })

    const id = /backtest=([0-9a-f]+)/.exec(page.url())![1]!
    const { report } = await work.daemon.get<{ readonly report: BacktestReport }>(`/api/v1/backtests/${id}`)
    const [network, baseline] = report.models
    const taken =
      network!.trainings[0]!.verdict?.promote === true && network!.scores.wql! < baseline!.scores.wql!
    await page.getByText(taken ? 'would let the network forecast' : 'would go on with the baseline').waitFor()
    const rows = page.getByRole('region', { name: 'Scores' }).locator('tbody tr')
    const told = await rows.locator('td:nth-of-type(1)').allTextContents()
    assert.deepEqual(
      told,
      report.models.map(({ scores }) => scores.mase!.toFixed(3)),
    )
    for (const name of [
      /^Backtest of/,
      /^Error by steps ahead/,
      /^Share of what came below/,
      /^Training loss/,
    ]) {
      await page.getByRole('img', { name }).waitFor()
    }
    await page.getByLabel('Name').fill('my load')
    await page.getByRole('alert').filter({ hasText: 'Letters, digits' }).waitFor()
    await page.getByLabel('Name').fill('mine')
    await page.getByText(/mine: \{\s+interval: "1h",\s+season: \[24, 168\],\s+horizon: 6,/).waitFor()
    await page.getByText("npx tidecast replay 'my load.csv' --topic mine --rate max").waitFor()

    await page.getByRole('button', { name: 'Plan it with what runs' }).click()
    await page.getByRole('button', { name: 'Plan', exact: true }).click()
    const changes = page.getByRole('list', { name: 'Changes' }).getByRole('listitem')
    await changes.filter({ hasText: 'pipelines.mine' }).getByText('pipeline started').waitFor()
    assert.equal(await changes.count(), 1)
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      await page.goto(`${work.url}/${VIEW}?backtest=${id}`)
      await page.getByRole('heading', { name: 'Report' }).waitFor()
      assert.deepEqual(await seriousFindings(page), [], colorScheme)
    }
    assert.deepEqual(troubles, [])
  })

  test('what cannot be read says so as the command line does', async () => {
    const { page } = await work.visit(VIEW)
    await page.getByLabel('Or paste it here').fill('series,ts,value\nnorth,yesterday,1\n')
    await page.getByText('its grid could not be guessed').waitFor()
    await page.getByRole('button', { name: 'Backtest' }).click()
    await give(page)
    const alert = page.getByRole('alert').filter({ hasText: 'cannot be backtested' })
    await alert.waitFor()
    assert.match((await alert.textContent())!, /line 2: .*yesterday/)

    await page.getByLabel('Interval').fill('soon')
    await page.getByRole('button', { name: 'Backtest' }).click()
    await page.getByText(/interval: expected/).waitFor()
  })

  test('a backtest is given up, and the page is free for another one', async () => {
    const { page } = await work.visit(VIEW)
    await drop(page, 'long.csv', csv(4000))
    await page.getByRole('button', { name: 'Backtest' }).click()
    await give(page)
    await page.getByRole('button', { name: 'Cancel' }).last().click()
    await page.getByText('The backtest was given up.').waitFor()
    assert.ok(await page.getByRole('button', { name: 'Backtest' }).isEnabled())
  })
})
