import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { seriousFindings, WITHOUT_BROWSER } from '../support/browser.js'
import { HORIZON, HOSTILE, PageAtWork, PIPELINE, TOKEN } from '../support/page-at-work.js'

const NORTH = `#/series?pipeline=${PIPELINE}&series=north`
const LEARNING = `#/learning?pipeline=${PIPELINE}`

describe('the page in a browser, on a running daemon', { skip: WITHOUT_BROWSER }, () => {
  let work: PageAtWork
  before(async () => (work = await PageAtWork.start()))
  after(() => work.stop())

  test('the overview tells how each pipeline does, and how to ask for it', async () => {
    const { page, troubles } = await work.visit('')
    const card = page.getByRole('article', { name: PIPELINE })
    await card.getByText('running').waitFor()
    await card.getByText(String(2 + HOSTILE.length), { exact: true }).waitFor()
    await card.getByRole('button', { name: `How to query: ${PIPELINE}: Rate` }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText(`rate(tidecast_records_consumed_total{pipeline="${PIPELINE}"}[1m])`).waitFor()
    await dialog.getByText(`curl '${work.url}/api/v1/pipelines/${PIPELINE}'`).waitFor()
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    assert.deepEqual(troubles, [])
  })

  test('a series is found, and shows what came, what had been forecast, and what is', async () => {
    const { page, troubles } = await work.visit('#/series')
    await page.getByRole('searchbox').fill('NOR')
    await page.getByRole('option', { name: 'north' }).click()
    await page.getByRole('heading', { name: 'north' }).waitFor()
    const picture = page.getByRole('img', { name: /Forecast by baseline@\d+ for the 12 steps/ })
    await picture.waitFor()
    assert.ok((await picture.locator('canvas').boundingBox())!.width > 300)
    await page.getByText('Table').first().click()
    for (const name of ['Actual', 'Forecast', 'Made 1 h before']) {
      await page.getByRole('columnheader', { name, exact: true }).waitFor()
    }
    await page.getByText(/inside the band/).waitFor()
    await page.getByText('naive error').waitFor()
    assert.deepEqual(troubles, [])
  })

  test('what comes is drawn without being asked for', async () => {
    const { page, troubles } = await work.visit(NORTH)
    await page.getByText('Table').first().click()
    const actual = page.locator('tbody tr').nth(HORIZON).locator('td').nth(6)
    await actual.getByText(String(work.newest)).waitFor()
    await work.feed(1)
    await actual.getByText(String(work.newest)).waitFor()
    assert.deepEqual(troubles, [])
  })

  test('the scrubber shows the forecast as it stood at a moment of the past, and what then came', async () => {
    const { page, troubles } = await work.visit(NORTH)
    const scrubber = page.getByRole('slider', { name: 'Forecast as it stood' })
    const newest = await scrubber.getAttribute('aria-valuetext')
    await scrubber.focus()
    for (let back = 0; back < 3; back++) await page.keyboard.press('ArrowLeft')
    const then = await scrubber.getAttribute('aria-valuetext')
    assert.equal(hours(newest!) - hours(then!), 3)
    await page.getByText('Table').first().click()
    // The newest observation is the third step of that forecast.
    const row = page.locator('tbody tr').filter({ hasText: newest!.slice(0, 16) })
    await row.locator('td').nth(5).waitFor()
    const [, , , low, high, middle] = (await row.locator('td').allTextContents()).map((text) => Number(text))
    assert.ok(low! <= middle! && middle! <= high!, `${low!} ${middle!} ${high!}`)
    await page.getByRole('button', { name: 'Newest', exact: true }).click()
    assert.equal(await scrubber.getAttribute('aria-valuetext'), newest)
    assert.deepEqual(troubles, [])
  })

  test('what-if draws the fork, and the stream goes on as if nobody had asked', async () => {
    const { page, troubles } = await work.visit(NORTH)
    const path = `${work.url}/api/v1/pipelines/${PIPELINE}/series/north/forecast`
    const before = await (await fetch(path)).text()
    const values = page.getByLabel(/Suppose these values/)
    await values.fill('140 x')
    assert.ok(await page.getByRole('button', { name: 'Forecast', exact: true }).isDisabled())
    await values.fill('140 - 151.5')
    await page.keyboard.press('Enter')
    await page.getByText('from a copy of the state').waitFor()
    await page.getByText('Table').first().click()
    for (const name of ['What if', 'Supposed']) {
      await page.getByRole('columnheader', { name, exact: true }).waitFor()
    }
    await page.getByRole('cell', { name: '151.5' }).waitFor()
    assert.equal(await (await fetch(path)).text(), before)
    await page.getByRole('button', { name: 'Clear' }).click()
    await page.getByRole('columnheader', { name: 'What if' }).waitFor({ state: 'detached' })
    assert.deepEqual(troubles, [])
  })

  test('a network is promoted and rolled back with the token, and not with another', async () => {
    const { page, troubles } = await work.visit(LEARNING)
    await page.getByRole('button', { name: 'Promote version 2' }).click()
    await page.getByLabel(/Why/).fill('for the test')
    await page.getByRole('button', { name: 'Yes' }).click()
    await page.getByRole('textbox', { name: 'Token' }).fill('another-token-0123456789')
    await page.keyboard.press('Enter')
    await page.getByRole('alert').filter({ hasText: 'not the token' }).waitFor()
    assert.match((await work.daemon.status(PIPELINE)).model, /^baseline/)
    await page.getByRole('textbox', { name: 'Token' }).fill(TOKEN)
    await page.keyboard.press('Enter')
    await page.getByText('version 2 forecasts').first().waitFor()
    await work.daemon.until(PIPELINE, ({ model }) => model.endsWith('@2'))
    await page.getByRole('button', { name: /^Roll back to/ }).click()
    await page.getByRole('button', { name: 'Yes' }).click()
    await page.getByText('the baseline forecasts').first().waitFor()
    await page.getByText('↶ rolled back').waitFor()
    await work.daemon.until(PIPELINE, ({ model }) => model.startsWith('baseline'))
    assert.deepEqual(troubles, [])
  })

  test('times are in the zone of the viewer, or in UTC', async () => {
    const { page } = await work.visit(NORTH)
    const newest = page.getByText(/^2026-03-0\d \d\d:00$/)
    const local = Date.parse(`${(await newest.first().textContent())!.replace(' ', 'T')}Z`)
    await page.getByRole('button', { name: /Times in Asia\/Tokyo/ }).click()
    await page.getByRole('button', { name: /Times in UTC/ }).waitFor()
    const utc = Date.parse(`${(await newest.first().textContent())!.replace(' ', 'T')}Z`)
    assert.equal(local - utc, 9 * 3_600_000)
  })

  test('names with markup, quotes, right-to-left text and 10 kB are text and no more', async () => {
    const { page, troubles } = await work.visit('#/series')
    await page.getByText(`${2 + HOSTILE.length} series`).waitFor()
    for (const name of HOSTILE) {
      const row = page.getByRole('option').filter({ hasText: name.trim().slice(0, 150) })
      await row.click()
      await page
        .getByRole('heading', { level: 2 })
        .filter({ hasText: name.trim().slice(0, 150) })
        .waitFor()
      await page
        .getByRole('img', { name: /observations, the newest/ })
        .first()
        .waitFor()
    }
    assert.equal(await page.locator('img, script:not([src])').count(), 0)
    assert.deepEqual(troubles, [])
  })

  for (const colorScheme of ['light', 'dark'] as const) {
    test(`the accessibility checker finds nothing serious, ${colorScheme}`, async () => {
      for (const view of ['', NORTH, LEARNING]) {
        const { page } = await work.visit(view, { colorScheme })
        await page
          .getByText(/naive error|of 80 % promised|baseline forecasts/)
          .first()
          .waitFor()
        assert.deepEqual(await seriousFindings(page), [], view)
      }
    })
  }

  for (const width of [360, 768, 2560]) {
    test(`no view is wider than a screen of ${width} pixels, whatever the names`, async () => {
      const longest = `#/series?${String(new URLSearchParams({ pipeline: PIPELINE, series: HOSTILE.at(-1)! }))}`
      const { page } = await work.visit('', { viewport: { width, height: 740 } })
      for (const [view, sign] of [
        ['', 'of 80 % promised'],
        ['#/series', 'series'],
        [NORTH, 'naive error'],
        [longest, 'naive error'],
        [LEARNING, 'baseline forecasts'],
        ['#/configuration', 'What runs'],
        ['#/try', 'Try your own data'],
      ] as const) {
        await page.goto(`${work.url}/${view}`)
        await page.getByText(sign).first().waitFor()
        const widest = await page.evaluate<number>('document.documentElement.scrollWidth')
        assert.ok(widest <= width, `${view.slice(0, 60)}: ${widest}`)
      }
    })
  }

  test('everything is reached by keyboard alone', async () => {
    const { page } = await work.visit('')
    await page.getByRole('article').first().waitFor()
    const press = async (...keys: string[]): Promise<void> => {
      for (const key of keys) await page.keyboard.press(key)
    }
    const focused = (): Promise<string> =>
      page.evaluate('document.activeElement.textContent.trim() || document.activeElement.tagName')
    const tabTo = async (wanted: string): Promise<void> => {
      for (let i = 0; i < 40; i++) {
        await press('Tab')
        if ((await focused()) === wanted) return
      }
      assert.fail(`"${wanted}" is not reached`)
    }
    await press('Tab', 'Enter')
    assert.equal(await page.evaluate('document.activeElement.id'), 'main', 'the link past the navigation')
    await page.reload()
    await page.getByRole('article').first().waitFor()
    await tabTo('Series')
    await press('Enter')
    const list = page.getByRole('listbox')
    await list.getByRole('option', { name: 'north' }).waitFor()
    await page.getByLabel('Search').focus()
    await page.keyboard.type('th')
    await page.getByText('2 series found').waitFor()
    await press('Tab', 'Tab')
    assert.equal(await page.evaluate('document.activeElement.getAttribute("role")'), 'listbox')
    await press('ArrowDown', 'Enter')
    await page.getByRole('heading', { name: 'south' }).waitFor()
    await tabTo('Table')
    await press('Enter')
    await page.getByRole('region', { name: /Table/ }).waitFor()

    await page.reload()
    await page.getByRole('heading', { name: 'south' }).waitFor()
    await tabTo('Configuration')
    await press('Enter')
    await page.getByRole('heading', { name: 'What runs' }).waitFor()
    await tabTo('Plan a reload')
    await press('Enter')
    await page.getByRole('dialog').waitFor()
    await page.keyboard.type(TOKEN)
    await press('Enter')
    await page.getByText('Nothing would change.').waitFor()
    assert.equal(await focused(), 'Plan a reload', 'the dialog gives the focus back')
    await page.reload()
    await page.getByRole('heading', { name: 'What runs' }).waitFor()
    await tabTo('Your data')
    await press('Enter')
    await page.getByRole('heading', { name: 'Try your own data' }).waitFor()
    for (let i = 0; i < 10; i++) {
      await press('Tab')
      if ((await page.evaluate('document.activeElement.tagName')) === 'TEXTAREA') break
    }
    await page.keyboard.insertText('series,ts,value\na,0,1\na,60000,2\na,120000,3\n')
    await page.getByText('a step of 1m').waitFor()
    await tabTo('Backtest')
  })

  test('while the daemon hangs the page says so, and what is shown is of before', async () => {
    const { page, troubles } = await work.visit('')
    await page.getByText('of 80 % promised').first().waitFor()
    work.daemon.signal('SIGSTOP')
    try {
      await page.getByText(/The daemon has stopped telling. What you see is of /).waitFor()
      await page.getByRole('article', { name: PIPELINE }).waitFor()
    } finally {
      work.daemon.signal('SIGCONT')
    }
    await page.getByText('The daemon has stopped telling').waitFor({ state: 'detached' })
    assert.deepEqual(troubles, [])
  })

  test('without the daemon the page says so, and goes on by itself when it is back', async () => {
    const { page, troubles } = await work.visit(NORTH)
    await page.getByRole('img', { name: /Forecast by/ }).waitFor()
    await work.daemon.kill()
    await page.getByText('No connection to the daemon').waitFor()
    await page.getByRole('heading', { name: 'north' }).waitFor()
    await work.startAgain()
    await page.getByText('No connection to the daemon').waitFor({ state: 'detached' })
    await work.feed(1)
    await page.getByText('Table').first().click()
    await page.locator('tbody tr').nth(HORIZON).getByText(String(work.newest)).first().waitFor()
    assert.deepEqual(troubles, [])
  })
})

/** Since the epoch, of "2026-03-01 09:00, by …". */
function hours(text: string): number {
  return Date.parse(`${text.slice(0, 16).replace(' ', 'T')}Z`) / 3_600_000
}
