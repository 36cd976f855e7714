import convict from 'convict'
import type { Setting } from './setting.js'
import { parseStart, printStart, START_FORMS } from './start-position.js'
import { parseQuantiles, parseSeason, printSeason } from './grid-formats.js'
import { isTimeZone } from '../core/calendar.js'
import { isHolidayName } from './holidays.js'
import { parseDuration, parseSize, printDuration, printSize } from './units.js'

/** What of a setting its values are judged by. */
export type Bounds = Pick<Setting<unknown>, 'min' | 'max' | 'options'>

/** How a kind of value is read from a file, judged, described and printed. */
export interface Format {
  /** The value in the form of `Config`, or undefined when it cannot be understood. */
  parse(raw: unknown): unknown
  /** Of a parsed value. */
  valid?(value: unknown, setting: Bounds): boolean
  expected(setting: Bounds): string
  /** A form that `parse` reads back. */
  print?(value: unknown): unknown
}

const MOST_NAMES = 20
const LONGEST_NAME = 256

/** Kafka's rule, kept by the embedded log too, so that a configuration can move from one to the other. */
const TOPIC = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,249}$/

const formatTable = {
  boolean: {
    parse: (raw) => (typeof raw === 'boolean' ? raw : undefined),
    expected: () => 'true or false',
  },
  integer: {
    parse: (raw) => (Number.isSafeInteger(raw) ? raw : undefined),
    valid: inBounds,
    expected: (setting) => `a whole number${bounds(setting, String)}`,
  },
  number: {
    parse: (raw) => (typeof raw === 'number' && Number.isFinite(raw) ? raw : undefined),
    valid: inBounds,
    expected: (setting) => `a number${bounds(setting, String)}`,
  },
  duration: {
    parse: (raw) => (raw === 0 ? 0 : typeof raw === 'string' ? parseDuration(raw) : undefined),
    valid: inBounds,
    expected: (setting) =>
      `a duration with its unit ("500ms", "90s", "1h30m", "PT15M")${bounds(setting, printDuration)}`,
    print: (value) => printDuration(Number(value)),
  },
  size: {
    parse: (raw) => (Number.isSafeInteger(raw) ? raw : typeof raw === 'string' ? parseSize(raw) : undefined),
    valid: inBounds,
    expected: (setting) => `a size ("64KiB", "8MiB", or a number of bytes)${bounds(setting, printSize)}`,
    print: (value) => printSize(Number(value)),
  },
  choice: {
    parse: text,
    valid: (value, setting) => setting.options?.includes(String(value)) ?? false,
    expected: (setting) => `one of ${(setting.options ?? []).map((option) => `"${option}"`).join(', ')}`,
  },
  addresses: {
    parse: (raw) => (typeof raw === 'string' ? raw.split(',').map((part) => part.trim()) : raw),
    valid: (value) => Array.isArray(value) && value.length > 0 && value.every(isAddress),
    expected: () =>
      'addresses such as ["kafka-1:9092", "kafka-2:9092"], or one text with commas between them',
  },
  url: {
    parse: text,
    valid: (value) => URL.canParse(String(value)) && /^https?:\/\/[^@]+$/.test(String(value)),
    expected: () => 'an address that begins with http:// or https://, without a name or password in it',
  },
  text: { parse: (raw) => text(raw) || undefined, expected: () => 'a text that is not empty' },
  httpsUrl: {
    parse: text,
    valid: (value) => isHttps(String(value)),
    expected: () => 'a URL that begins with https://',
  },
  topic: {
    parse: text,
    valid: (value) => TOPIC.test(String(value)),
    expected: () => 'a topic name: 1 to 249 letters, digits, ".", "_" or "-"',
  },
  fieldPath: {
    parse: text,
    valid: (value) => /^[^.]+(\.[^.]+)*$/.test(String(value)),
    expected: () => 'a dotted path into the record, such as "reading.value"',
  },
  seriesPath: {
    parse: text,
    valid: (value) => value === '' || /^[^.]+(\.[^.]+)*$/.test(String(value)),
    expected: () => 'a dotted path into the record, or "" for the record key',
  },
  secret: {
    parse: text,
    valid: (value) => /^[\x21-\x7e]{16,}$/.test(String(value)),
    expected: () => 'at least 16 printable characters without spaces',
  },
  interval: {
    parse: parseInterval,
    valid: (value) => value === 0 || Number(value) >= 1000,
    expected: () => 'a duration of at least one second ("1h", "15m"), or "observations"',
    print: (value) => (value === 0 ? 'observations' : printDuration(Number(value))),
  },
  season: {
    parse: parseSeason,
    expected: () =>
      'season lengths in steps: 24, [24], [24, 168] (the second a multiple of the first, up to 50000), or "none"',
    print: printSeason,
  },
  names: {
    parse: parseNames,
    expected: () =>
      `at most ${MOST_NAMES} different texts of 1 to ${LONGEST_NAME} characters, such as ["north", "south"]`,
  },
  timeZone: {
    parse: text,
    valid: isTimeZone,
    expected: () => 'a time zone as IANA names it, such as "Europe/Berlin"',
  },
  holidays: {
    parse: texts,
    valid: (value) => (value as readonly string[]).every(isHolidayName),
    expected: () =>
      'countries with or without a region, such as "DE" or "US-MN", and dates such as "2026-12-24"',
  },
  covariates: {
    parse: texts,
    valid: (value) => areNames(value as readonly string[]),
    expected: () =>
      `at most ${MOST_COVARIATES} different names of 1 to 64 characters, without commas and spaces`,
  },
  start: { parse: parseStart, expected: () => START_FORMS, print: printStart },
  quantiles: {
    parse: parseQuantiles,
    expected: () =>
      '3 to 21 ascending numbers between 0 and 1, symmetric around 0.5 and including it, such as [0.1, 0.5, 0.9]',
  },
} satisfies Record<string, Format>

export type FormatName = keyof typeof formatTable
export const formats: Readonly<Record<FormatName, Format>> = formatTable

for (const [name, format] of Object.entries(formats)) {
  convict.addFormat({
    name,
    validate(value: unknown, setting) {
      if (format.valid?.(value, setting as unknown as Bounds) === false) {
        throw new Error(`expected ${format.expected(setting as unknown as Bounds)}`)
      }
    },
  })
}

/** 0 stands for the observation grid, so a duration of zero must not pass for one. */
function isHttps(value: string): boolean {
  return URL.canParse(value) && new URL(value).protocol === 'https:'
}

function parseInterval(raw: unknown): number | undefined {
  if (raw === 'observations') return 0
  return typeof raw === 'string' ? parseDuration(raw) || undefined : undefined
}

function parseNames(raw: unknown): readonly string[] | undefined {
  if (!Array.isArray(raw) || raw.length > MOST_NAMES || new Set(raw).size < raw.length) return undefined
  const names: readonly unknown[] = raw
  const isName = (name: unknown): name is string =>
    typeof name === 'string' && name.length > 0 && name.length <= LONGEST_NAME
  return names.every(isName) ? names : undefined
}

function isAddress(value: unknown): boolean {
  return typeof value === 'string' && /^(\[[0-9a-fA-F:]+\]|[^\s:,]+):\d{1,5}$/.test(value)
}

/** A list of texts, or one text with commas between them. */
function texts(raw: unknown): readonly string[] | undefined {
  if (typeof raw === 'string') return raw === '' ? [] : raw.split(',').map((part) => part.trim())
  return Array.isArray(raw) && raw.every((one) => typeof one === 'string') ? raw : undefined
}

/** Each covariate costs every series as many floats as its ring holds. */
const MOST_COVARIATES = 32

function areNames(names: readonly string[]): boolean {
  const right = names.every((name) => /^[^,\s]{1,64}$/u.test(name))
  return right && new Set(names).size === names.length && names.length <= MOST_COVARIATES
}

function text(raw: unknown): string | undefined {
  return typeof raw === 'string' ? raw : undefined
}

function inBounds(value: unknown, { min, max }: Bounds): boolean {
  return Number(value) >= (min ?? -Infinity) && Number(value) <= (max ?? Infinity)
}

function bounds({ min, max }: Bounds, print: (value: number) => string): string {
  if (min !== undefined && max !== undefined) return ` from ${print(min)} to ${print(max)}`
  if (min !== undefined) return `, at least ${print(min)}`
  return max === undefined ? '' : `, at most ${print(max)}`
}
