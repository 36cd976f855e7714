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

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** `7 Mar 2014`, or `7 Mar` without the year. */
export function day(iso: string, year = true): string {
  const [y, m, d] = iso.slice(0, 10).split('-')
  return `${Number(d)} ${MONTHS[Number(m) - 1]}${year ? ` ${y}` : ''}`
}

/** `7 Mar 2014, 15:00`; of midnight only the day. */
export function moment(iso: string): string {
  const time = iso.slice(11, 16)
  return time === '00:00' ? day(iso) : `${day(iso)}, ${time}`
}
