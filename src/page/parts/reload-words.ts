import type { LastReload } from '../../ports/control/config.js'

/** What became of a reload, with a sign of its own each. */
export const RELOAD_WORDS: Readonly<Record<LastReload['outcome'], string>> = {
  applied: '✓ applied',
  unchanged: '✓ nothing new',
  refused: '✗ refused',
  failed: '✗ failed',
  invalid: '✗ invalid',
}
