import process from 'node:process'
import type { TestContext } from 'node:test'
import { Random } from '../../src/model/random.js'

/** `npm run test:long` */
export const long = process.env['TIDECAST_LONG'] === '1'

/** `TIDECAST_SEED` repeats a run. The short form has the same seed every time, the long form another one. */
export const seed = seedOf(process.env['TIDECAST_SEED'])

function seedOf(given: string | undefined): number {
  if (given !== undefined) return Number(given)
  return long ? Date.now() % 2 ** 31 : 1
}

/** The random numbers of a test, and their seed in its report. */
export function seeded(t: TestContext): { readonly seed: number; readonly random: Random } {
  t.diagnostic(`TIDECAST_SEED=${seed}`)
  return { seed, random: new Random(seed) }
}
