import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { listening, startDemonstration, untilNetwork } from './pictures/demonstration.mjs'
import { root } from './setup/paths.mjs'

const help = `Usage: node scripts/screenshots.mjs [options]

Runs the demonstration on a data directory of its own, waits until a network forecasts electricity, and takes the pictures
of docs/. Needs Chromium (its path in CHROMIUM; default /usr/bin/chromium).

  --wait SECONDS  for the network, at most (default 600)
  --help
`

const { values } = parseArgs({
  options: {
    wait: { type: 'string', default: '600' },
    help: { type: 'boolean', short: 'h', default: false },
  },
})

/** What is shown, how large, and in which theme. */
const pictures = [
  { name: 'page-overview', view: '#/overview', height: 800, theme: 'light' },
  { name: 'page-series', view: '#/series?pipeline=electricity&series=demand', height: 1000, theme: 'dark' },
  { name: 'page-learning', view: '#/learning?pipeline=electricity', height: 1000, theme: 'light' },
]

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
    await untilNetwork(url, waitMs)
    mkdirSync(join(root, 'docs/pictures'), { recursive: true })
    await Promise.all(pictures.map((picture) => take(browser, url, picture)))
    return 0
  } finally {
    await browser.close()
    daemon.kill('SIGTERM')
    await ended
    rmSync(folder, { recursive: true, force: true })
  }
}

async function take(browser, url, { name, view, height, theme }) {
  const page = await browser.newPage({
    viewport: { width: 1280, height },
    colorScheme: theme,
    locale: 'en',
    timezoneId: 'UTC',
  })
  await page.goto(`${url}/${view}`)
  await page
    .getByRole(view.includes('overview') ? 'article' : 'img')
    .first()
    .waitFor()
  // Some time stamps of the live feed, for the sparklines and the newest forecasts.
  await page.waitForTimeout(25_000)
  await page.screenshot({ path: join(root, 'docs/pictures', `${name}.png`) })
  await page.close()
  process.stderr.write(`\rdocs/pictures/${name}.png\u001b[K\n`)
}
