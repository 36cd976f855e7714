import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

export interface Row {
  readonly series: string
  /** Milliseconds. */
  readonly ts: number
  /** `null` = known to be missing. */
  readonly value: number | null
  /** By name. */
  readonly covariates?: Readonly<Record<string, number | null>>
}

/** The first `limit` rows of the household's seven meters, a row per meter and minute. */
export function household(limit = Infinity): Row[] {
  return rowsOf('test/data/household.csv.gz', limit)
}

/** The first `limit` rows of the traffic of the demonstration: one series, a row an hour, local clock time. */
export function traffic(limit = Infinity): Row[] {
  return rowsOf('demo/traffic.csv.gz', limit)
}

function rowsOf(path: string, limit: number): Row[] {
  const file = new URL(`../../../${path}`, import.meta.url)
  const lines = gunzipSync(readFileSync(file)).toString().trimEnd().split('\n')
  return lines.slice(1, 1 + limit).map((line) => {
    const [series = '', ts = '', value = ''] = line.split(',')
    return { series, ts: Date.parse(ts), value: value === '' ? null : Number(value) }
  })
}

/** By series: the time stamps from which there is to be a forecast, in order. */
export function originsOf(rows: readonly Row[]): Map<string, number[]> {
  const origins = new Map<string, number[]>()
  for (const { series, ts, value } of rows) {
    if (value === null) continue
    const known = origins.get(series)
    if (known === undefined) origins.set(series, [ts])
    else known.push(ts)
  }
  return origins
}

/** The last of each series' origins. */
export function lastOrigins(origins: ReadonlyMap<string, readonly number[]>): Map<string, number> {
  return new Map([...origins].map(([series, all]) => [series, all.at(-1)!]))
}
