/** Numbers of a report as people read them; a dash where there is none. */
export type Printed = (value: number | null | undefined) => string

const known =
  (print: (value: number) => string): Printed =>
  (value) =>
    typeof value === 'number' && Number.isFinite(value) ? print(value) : '–'

export const decimals = (places: number): Printed => known((value) => value.toFixed(places).replace('-', '−'))
export const percent = (places: number): Printed => known((value) => `${(value * 100).toFixed(places)} %`)
export const plain: Printed = known((value) => {
  const form = Math.abs(value) < 1 ? { maximumSignificantDigits: 3 } : { maximumFractionDigits: 2 }
  return value.toLocaleString('en', form).replace('-', '−')
})
export const whole: Printed = known((value) => Math.round(value).toLocaleString('en'))

/** Such as `−12 %` or `+3 %`. */
export const change: Printed = known(
  (value) => `${value < 0 ? '−' : '+'}${Math.abs(value * 100).toFixed(Math.abs(value) < 0.1 ? 1 : 0)} %`,
)

/** What the values of an axis are. */
export type Unit = 'number' | 'percent'

const SUFFIXES: Readonly<Record<number, string>> = { 0: '', 6: ' M', 9: ' G', 12: ' T' }

/**
 * Labels of ticks, all of as many digits as tell neighbours apart.
 * @param apart distance of neighbours; `null`: they are powers of ten, each with its own digits
 */
export function tickLabels(ticks: readonly number[], apart: number | null, unit: Unit): string[] {
  if (apart === null) return ticks.map(powerOfTen)
  const power = unit === 'percent' ? -2 : thousands(ticks)
  const suffix = unit === 'percent' ? ' %' : (SUFFIXES[power] ?? `e${power}`)
  // The tolerance is for a distance that is a power of ten but for rounding.
  const places = Math.max(0, power - Math.floor(Math.log10(apart) + 1e-9))
  const digits = { minimumFractionDigits: places, maximumFractionDigits: places }
  return ticks.map((tick) => minus(`${(tick / 10 ** power + 0).toLocaleString('en', digits)}${suffix}`))
}

/** Of numbers whose digits would not fit beside the chart the power of a thousand that they are counted in; of others 0. */
function thousands(ticks: readonly number[]): number {
  const largest = ticks.reduce((most, tick) => Math.max(most, Math.abs(tick)), 0)
  const power = largest > 0 ? 3 * Math.floor(Math.log10(largest) / 3) : 0
  return power >= 6 || power < -3 ? power : 0
}

function powerOfTen(value: number): string {
  return value < 1e-4 || value >= 1e6 ? minus(value.toExponential(0).replace('+', '')) : plain(value)
}

const minus = (text: string): string => text.replaceAll('-', '−')

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** `7 Mar 2014`, or `7 Mar` without the year. */
export function day(iso: string, year = true): string {
  const [y, m, d] = iso.slice(0, 10).split('-')
  return `${Number(d)} ${MONTHS[Number(m) - 1]}${year ? ` ${y}` : ''}`
}

/** `Mar 2014`, or `Mar` without the year. */
export function month(iso: string, year = true): string {
  return `${MONTHS[Number(iso.slice(5, 7)) - 1]}${year ? ` ${iso.slice(0, 4)}` : ''}`
}

/** `7 Mar 2014, 15:00`; of midnight only the day. */
export function moment(iso: string): string {
  const time = iso.slice(11, 16)
  return time === '00:00' ? day(iso) : `${day(iso)}, ${time}`
}
