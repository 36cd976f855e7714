import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { listening, startDemonstration, untilNetwork } from './pictures/demonstration.mjs'
import { root } from './setup/paths.mjs'

const help = `Usage: node scripts/screenshots.mjs [options]

Runs the demonstration on a data directory of its own, waits until a network forecasts electricity, and takes the pictures
of docs/. Needs Chromium (its path in CHROMIUM; default /usr/bin/chromium).

  --wait SECONDS  for the network, at most (default 600)
  --only NAME     this picture alone, such as page-configuration
  --help
`

const { values } = parseArgs({
  options: {
    wait: { type: 'string', default: '600' },
    only: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
})

/** What is shown, how large, and in which theme. */
const pictures = [
  { name: 'page-overview', view: '#/overview', height: 800, theme: 'light' },
  { name: 'page-series', view: '#/series?pipeline=electricity&series=demand', height: 1000, theme: 'dark' },
  { name: 'page-learning', view: '#/learning?pipeline=electricity', height: 1000, theme: 'light' },
  { name: 'page-configuration', view: '#/configuration', height: 1330, theme: 'dark', prepare: planned },
  { name: 'page-try', view: '#/try', height: 1250, theme: 'light', prepare: backtested },
  {
    name: 'page-phone',
    view: '#/series?pipeline=traffic&series=i94',
    width: 390,
    height: 844,
    theme: 'dark',
  },
]

/** Of the demonstration's data, so many lines are shown as if they were somebody's own. */
const OWN_LINES = 4000

if (values.help) process.stdout.write(help)
else process.exitCode = await main(Number(values.wait) * 1000)

async function main(waitMs) {
  const { chromium } = await import('playwright-core')
  const folder = mkdtempSync(join(tmpdir(), 'tidecast-screenshots-'))
  const daemon = startDemonstration(folder)
  const ended = new Promise((resolve) => daemon.once('exit', resolve))
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox'],
  })
  try {
    const url = await listening(daemon)
    const wanted = pictures.filter(({ name }) => values.only === undefined || name === values.only)
    if (wanted.some(({ prepare }) => prepare === undefined)) await untilNetwork(url, waitMs)
    mkdirSync(join(root, 'docs/pictures'), { recursive: true })
    const token = readFileSync(join(folder, 'data/token'), 'utf8').trim()
    for (const picture of wanted) await take(browser, { url, token }, picture)
    return 0
  } finally {
    await browser.close()
    daemon.kill('SIGTERM')
    await ended
    rmSync(folder, { recursive: true, force: true })
  }
}

async function take(browser, { url, token }, { name, view, width = 1280, height, theme, prepare }) {
  const page = await browser.newPage({
    viewport: { width, height },
    deviceScaleFactor: width < 500 ? 2 : 1,
    colorScheme: theme,
    locale: 'en',
    timezoneId: 'UTC',
  })
  page.setDefaultTimeout(300_000)
  await page.goto(`${url}/${view}`)
  if (prepare === undefined) {
    await page
      .getByRole(view.includes('overview') ? 'article' : 'img')
      .first()
      .waitFor()
    // Some time stamps of the live feed, for the sparklines and the newest forecasts.
    await page.waitForTimeout(25_000)
  } else await prepare(page, token)
  await page.screenshot({ path: join(root, 'docs/pictures', `${name}.png`) })
  await page.close()
  process.stderr.write(`\rdocs/pictures/${name}.png\u001b[K\n`)
}

/** The plan of an edited text. */
async function planned(page, token) {
  await page.getByRole('button', { name: 'Begin with what runs' }).click()
  const draft = page.getByRole('textbox', { name: 'Configuration' })
  const text = await draft.inputValue()
  await draft.fill(
    text.replace(/horizon: 24/, 'horizon: 12').replace(/interval: "observations"/, 'interval: "1d"'),
  )
  await page.getByRole('button', { name: 'Plan', exact: true }).click()
  await authorize(page, token)
  await page.getByRole('list', { name: 'Changes' }).waitFor()
  await page.evaluate('scrollTo(0, 0)')
}

/** The report of a file that was dropped. */
async function backtested(page, token) {
  const lines = gunzipSync(readFileSync(join(root, 'demo/traffic.csv.gz')))
    .toString()
    .trimEnd()
    .split('\n')
  const own = [lines[0], ...lines.slice(-OWN_LINES)].join('\n')
  await page
    .locator('input[type=file]')
    .setInputFiles({ name: 'mine.csv', mimeType: 'text/csv', buffer: Buffer.from(own) })
  await page.getByText('guessed:').waitFor()
  await page.getByRole('button', { name: 'Backtest' }).click()
  await authorize(page, token)
  await page.getByRole('heading', { name: 'Report' }).waitFor()
  await page.getByRole('img').first().waitFor()
  await page.evaluate('scrollTo(0, 0)')
}

async function authorize(page, token) {
  await page.getByRole('textbox', { name: 'Token' }).fill(token)
  await page.keyboard.press('Enter')
}
