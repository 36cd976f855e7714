import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { readFile } from 'node:fs/promises'
import process from 'node:process'
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core'
import { unlessAvailable } from './requirement.js'

const PLACES = [
  process.env['CHROMIUM'] ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]
const FOUND = PLACES.find((path) => path !== '' && existsSync(path))

/** For a test's `skip` option. */
export const WITHOUT_BROWSER = unlessAvailable(FOUND !== undefined, 'Chromium (or its path in CHROMIUM)')

export async function launchBrowser(): Promise<Browser> {
  // Unprivileged user namespaces, which the sandbox needs, are off in many containers; only our own page is opened.
  return chromium.launch({
    executablePath: FOUND ?? PLACES[1]!,
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  })
}

export interface Visit {
  readonly page: Page
  /** What went wrong in the page: errors, refusals of its content security policy, dialogs that no view opens. */
  readonly troubles: readonly string[]
}

/** A page that remembers what goes wrong. Requests that fail while the daemon is away are not its fault. */
export async function visit(context: BrowserContext, url: string): Promise<Visit> {
  const page = await context.newPage()
  const troubles: string[] = []
  page.on('pageerror', ({ message }) => troubles.push(message))
  page.on('dialog', (dialog) => {
    troubles.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
      troubles.push(message.text())
    }
  })
  await page.goto(url)
  return { page, troubles }
}

interface Finding {
  readonly id: string
  readonly impact: string
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[]
}

/** What the accessibility checker finds serious or critical in the page as it is. */
export async function seriousFindings(page: Page): Promise<readonly string[]> {
  const source = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
  // Through the browser's debugger: the page itself would take no script that is not its own.
  await page.evaluate(source)
  const { violations } = await page.evaluate<{ readonly violations: readonly Finding[] }>(
    'axe.run(document, { resultTypes: ["violations"] })',
  )
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary}`))
}
