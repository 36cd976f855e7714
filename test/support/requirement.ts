import process from 'node:process'

/**
 * Value for a test's `skip` option where it needs something a developer's machine may lack. Under CI nothing is skipped:
 * the test runs, and fails for want of it.
 */
export function unlessAvailable(available: boolean, what: string): string | false {
  return available || process.env['CI'] !== undefined ? false : `needs ${what}`
}
