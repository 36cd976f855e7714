import { createRequire } from 'node:module'
import type Holidays from 'date-holidays'

const DAY = 86_400_000
/** Years that lists are made for: what is forecast lies in them, and so does what is learnt from. */
const FIRST_YEAR = 1970
const LAST_YEAR = 2069

const lists = new Map<string, readonly number[]>()
let library: typeof Holidays | undefined

/** A country, with or without a state and a region: `DE`, `DE-BY`, `DE-BY-A`. */
const PLACE = /^[A-Z]{2}(-[A-Z0-9]{1,8}){0,2}$/
const DATE = /^\d{4}-\d{2}-\d{2}$/

/** Whether this names a date, or a place whose public holidays are known. */
export function isHolidayName(name: string): boolean {
  if (DATE.test(name)) return !Number.isNaN(dayOf(name)) && isoOf(dayOf(name)) === name
  return PLACE.test(name) && isKnown(name)
}

/** Local dates in days since 1970-01-01, ascending, each once. @param names each of them a `isHolidayName` */
export function holidayDays(names: readonly string[]): readonly number[] {
  const days = names.flatMap((name) =>
    DATE.test(name) ? [dayOf(name)] : isHolidayName(name) ? daysIn(name) : [],
  )
  return [...new Set(days)].sort((a, b) => a - b)
}

/** The lists of a place take a tenth of a second, and are made once. */
function daysIn(place: string): readonly number[] {
  const known = lists.get(place)
  if (known !== undefined) return known
  const holidays = holidaysOf(place)
  const days: number[] = []
  for (let year = FIRST_YEAR; year <= LAST_YEAR; year++) {
    for (const { type, date, start, end } of holidays.getHolidays(year)) {
      if (type !== 'public') continue
      const first = dayOf(date.slice(0, 10))
      const length = Math.max(1, Math.ceil((end.getTime() - start.getTime()) / DAY - 0.5))
      for (let i = 0; i < length; i++) days.push(first + i)
    }
  }
  lists.set(place, days)
  return days
}

function isKnown(place: string): boolean {
  const [country = '', state, region] = place.split('-')
  const all = new (libraryOf())()
  if (!has(all.getCountries(), country)) return false
  if (state !== undefined && !has(all.getStates(country), state)) return false
  return region === undefined || has(all.getRegions(country, state!), region)
}

/** A country without states has no table of them, whatever the library's types say. */
function has(table: unknown, name: string): boolean {
  return typeof table === 'object' && table !== null && Object.hasOwn(table, name)
}

function holidaysOf(place: string): Holidays {
  const [country = '', state = '', region = ''] = place.split('-')
  return new (libraryOf())(country, state, region)
}

/** Its tables are large: only who asks for holidays loads them. */
function libraryOf(): typeof Holidays {
  library ??= createRequire(import.meta.url)('date-holidays') as typeof Holidays
  return library
}

function dayOf(date: string): number {
  return Date.parse(`${date}T00:00:00Z`) / DAY
}

function isoOf(day: number): string {
  return new Date(day * DAY).toISOString().slice(0, 10)
}
