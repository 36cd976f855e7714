import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { seriousFindings, WITHOUT_BROWSER } from '../support/browser.js'
import { PageAtWork, PIPELINE, TOKEN } from '../support/page-at-work.js'

const VIEW = '#/configuration'

/** Of the first answer that tells the configuration only the beginning comes. */
const BREAK_OFF_ONCE = `
  const whole = window.fetch
  window.brokenOff = 0
  window.fetch = async (path, init) => {
    const answer = await whole(path, init)
    if (path !== 'api/v1/config' || window.brokenOff > 0) return answer
    window.brokenOff++
    const start = (body) => {
      body.enqueue(new TextEncoder().encode('{ "hash": '))
      setTimeout(() => body.error(new TypeError('network error')))
    }
    return new Response(new ReadableStream({ start }), answer)
  }
`

describe('the configuration in a browser, of a running daemon', { skip: WITHOUT_BROWSER }, () => {
  let work: PageAtWork
  before(async () => (work = await PageAtWork.start(48)))
  after(() => work.stop())

  /** Answers what the page asks for. */
  const give = async (
    page: Awaited<ReturnType<PageAtWork['visit']>>['page'],
    token = TOKEN,
  ): Promise<void> => {
    await page.getByRole('textbox', { name: 'Token' }).fill(token)
    await page.keyboard.press('Enter')
  }

  test('every value is found with where it comes from, and defaults are shown when asked for', async () => {
    const { page, troubles } = await work.visit(VIEW)
    const row = page.getByRole('row').filter({ hasText: `pipelines.${PIPELINE}.horizon` })
    await row.getByText('12', { exact: true }).waitFor()
    await row.getByText('tidecast.json5').waitFor()
    await page.getByRole('row').filter({ hasText: 'http.token' }).getByText('a secret').waitFor()
    assert.equal((await page.content()).includes(TOKEN), false)
    await page.getByRole('searchbox').fill('allowedLateness')
    await page.getByText('No setting is like that.').waitFor()
    await page.getByLabel('Only what is not the default').uncheck()
    await page
      .getByRole('row')
      .filter({ hasText: `pipelines.${PIPELINE}.allowedLateness` })
      .getByText('default')
      .waitFor()
    assert.deepEqual(troubles, [])
  })

  test('an answer that breaks off is no answer: it is asked for again', async () => {
    const { page, troubles } = await work.visit(VIEW)
    await page.addInitScript(BREAK_OFF_ONCE)
    await page.reload()
    await page.getByRole('button', { name: `Pause ${PIPELINE}` }).waitFor()
    assert.equal(await page.evaluate('brokenOff'), 1)
    assert.deepEqual(troubles, [])
  })

  test('a text is planned with the token and changes nothing; what is wrong with it is told', async () => {
    const { page, troubles } = await work.visit(VIEW)
    const before = await work.daemon.get<{ readonly hash: string }>('/api/v1/config')
    const draft = page.getByRole('textbox', { name: 'Configuration' })
    await page.getByRole('button', { name: 'Begin with what runs' }).click()
    const text = await draft.inputValue()
    assert.match(text, /season: /)
    await page.getByRole('button', { name: 'Plan', exact: true }).click()
    await give(page, 'another-token-0123456789')
    await page.getByRole('alert').filter({ hasText: 'not the token' }).waitFor()
    await give(page)
    await page.getByText('It says what runs.').waitFor()

    await draft.fill(text.replace('horizon: 12', 'horizon: 6'))
    await page.getByRole('button', { name: 'Plan', exact: true }).click()
    const change = page.getByRole('list', { name: 'Changes' }).getByRole('listitem')
    await change.getByText(`pipelines.${PIPELINE}.horizon`).waitFor()
    assert.match((await change.textContent())!, /12 →becomes 6/)

    await draft.fill(text.replace('horizon: 12', 'horizn: 6'))
    await page.getByRole('button', { name: 'Plan', exact: true }).click()
    const problem = page.getByRole('list', { name: 'Problems' }).getByRole('listitem')
    await problem.getByText('Did you mean “horizon”?').waitFor()

    await draft.fill('{}')
    await page.getByRole('button', { name: 'Plan', exact: true }).click()
    await change.getByText('pipeline stopped; its topics, states and models stay').waitFor()
    assert.equal((await work.daemon.get<{ readonly hash: string }>('/api/v1/config')).hash, before.hash)
    assert.deepEqual(troubles, [])
  })

  test('a file that is dropped is taken, YAML as such', async () => {
    const { page } = await work.visit(VIEW)
    await page.locator('input[type=file]').setInputFiles({
      name: 'other.yaml',
      mimeType: 'application/yaml',
      buffer: Buffer.from(`pipelines:\n  ${PIPELINE}:\n    interval: 1h\n`),
    })
    // A browser reads a file in its own time.
    await page.getByLabel('Format').locator('option[value=yaml]:checked').waitFor({ state: 'attached' })
    await page.getByRole('button', { name: 'Plan', exact: true }).click()
    await give(page)
    await page.getByRole('list', { name: 'Changes' }).getByText(`pipelines.${PIPELINE}.horizon`).waitFor()
  })

  test('files that differ are seen in all views; a reload takes them up, and a bad one is refused', async () => {
    const { page, troubles } = await work.visit(VIEW)
    const { page: other } = await work.visit('')
    await other.getByText('Configuration of').waitFor()
    const config = work.config()
    await work.daemon.configure({ ...config, log: { level: 'warn' } })
    await page.getByText('≠ differ').waitFor()
    await other.getByText('the files say something else').waitFor()
    await page.getByRole('button', { name: 'Plan a reload' }).click()
    await give(page)
    const changes = page.getByRole('list', { name: 'Changes' })
    await changes.getByText('log.level').waitFor()
    await page.getByRole('button', { name: 'Reload', exact: true }).click()
    await page.getByText('✓ applied').waitFor()
    await page.getByText('1 change was made.').waitFor()
    await page.getByText('= as they run').waitFor()
    await page.getByRole('row').filter({ hasText: 'log.level' }).getByText('warn').waitFor()
    await other.getByText('✓ applied').waitFor()

    await work.daemon.configure({ ...config, log: { level: 'loud' } })
    await page.getByText('≠ differ').waitFor()
    await page.getByRole('button', { name: 'Reload', exact: true }).click()
    await page.getByRole('list', { name: 'Problems' }).getByText('log.level').waitFor()
    await other.getByText('✗ invalid').waitFor()
    await work.daemon.configure({ ...config, log: { level: 'warn' } })
    await page.getByText('= as they run').waitFor()
    assert.deepEqual(troubles, [])
  })

  test('a pipeline is paused and resumed', async () => {
    const { page } = await work.visit(VIEW)
    await page.getByRole('button', { name: `Pause ${PIPELINE}` }).click()
    await give(page)
    await page.getByText(`${PIPELINE} is paused; its states are kept.`).waitFor()
    await work.daemon.until(PIPELINE, ({ phase }) => phase === 'paused')
    await page.getByRole('button', { name: `Resume ${PIPELINE}` }).click()
    await work.daemon.until(PIPELINE, ({ phase }) => phase === 'running')
  })

  for (const colorScheme of ['light', 'dark'] as const) {
    test(`the accessibility checker finds nothing serious, ${colorScheme}`, async () => {
      const { page } = await work.visit(VIEW, { colorScheme })
      await page.getByRole('button', { name: 'Begin with what runs' }).click()
      await page.getByRole('button', { name: 'Plan', exact: true }).click()
      await give(page)
      await page.getByText('It says what runs.').waitFor()
      await page.getByRole('textbox', { name: 'Configuration' }).fill('{}')
      await page.getByRole('button', { name: 'Plan', exact: true }).click()
      await page.getByRole('list', { name: 'Changes' }).waitFor()
      assert.deepEqual(await seriousFindings(page), [])
    })
  }
})
