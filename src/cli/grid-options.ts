import { InvalidArgumentError, Option } from 'commander'
import { formats, type FormatName } from '../config/formats.js'
import type { Season } from '../config/setting.js'

/** What `--interval` and `--season` give, the same for all commands that take a file's grid. */
export interface GridOptions {
  /** ms; 0 = the observation grid. */
  readonly interval: number
  readonly season: Season
}

export const intervalOption = (): Option =>
  new Option('--interval <duration>', 'grid step such as 1h or 15m, or "observations" (trading days)')
    .argParser((text) => judged('interval', text))
    .default(3_600_000, '1h')
export const seasonOption = (): Option =>
  new Option(
    '--season <steps>',
    'short and long season, such as 24,168; the long one is seven short ones where it is left out; 1 where there is none',
  )
    .argParser((text) => judged('season', text === 'none' ? text : text.split(',').map(Number)))
    .default({ short: 24, long: 168 }, '24,168')

/** Names of covariates, with commas between them. */
export const covariatesOption = (flags: string, description: string): Option =>
  new Option(flags, description).argParser((text) => judged('covariates', text))

/** Reads and judges a value by the configuration's own rules. */
function judged(format: FormatName, raw: unknown): unknown {
  const rules = formats[format]
  const value = rules.parse(raw)
  if (value !== undefined && rules.valid?.(value, {}) !== false) return value
  throw new InvalidArgumentError(`Expected ${rules.expected({})}.`)
}
