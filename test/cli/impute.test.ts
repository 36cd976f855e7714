import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { readObservations } from '../../src/adapters/files/observations.js'
import { registerImpute } from '../../src/cli/impute.js'
import { runCommand } from './replay/harness.js'

const DATA = new URL('../../../demo/traffic.csv.gz', import.meta.url)
/** Five months of hourly traffic, with the gaps it was recorded with. */
const ROWS = gunzipSync(readFileSync(DATA)).toString().trim().split('\n').slice(1, 3601)

function folder(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'tidecast-impute-'))
  t.after(() => rmSync(dir, { recursive: true }))
  return dir
}

const impute = (cwd: string, ...argv: string[]) => runCommand(registerImpute, ['impute', ...argv], { cwd })

interface Report {
  readonly filled: number
  readonly left: number
  readonly duplicates: number
  readonly quality: Record<'network' | 'linear' | 'seasonalNaive', { mase: number; coverage?: number }>
  readonly values: { series: string; ts: string; value: number; lower: number; upper: number }[]
}

test('removed stretches of hourly traffic: nearer to the truth than a line or a season ago, 80 % inside', async (t) => {
  const cwd = folder(t)
  // Three nights, a day and single hours are cut out: as empty values, and as rows that are not there.
  const truth = new Map<string, number>()
  const cut = [...range(400, 408), ...range(1000, 1024), 1500, 1501, ...range(2200, 2212), 3000]
  const kept = ROWS.flatMap((row, i) => {
    const [series, ts, value] = row.split(',') as [string, string, string]
    if (!cut.includes(i)) return [row]
    if (value !== '') truth.set(ts, Number(value))
    return i % 2 === 0 ? [] : [`${series},${ts},`]
  })
  writeFileSync(join(cwd, 'gaps.csv'), `series,ts,value\n${kept.join('\n')}\n`)
  const { code, out, error } = await impute(cwd, 'gaps.csv', '--json', '--out', 'full.csv')
  assert.equal(code, 0, String(error))
  const { quality, values, filled, left } = JSON.parse(out) as Report
  assert.ok(quality.network.mase < 0.5 * quality.linear.mase, out.slice(0, 600))
  assert.ok(quality.network.mase < quality.seasonalNaive.mase, out.slice(0, 600))
  assert.equal(left, 0)

  // The same by our own reckoning, on what was cut out here.
  const found = values.filter(({ ts }) => truth.has(ts))
  assert.equal(found.length, truth.size, 'every value that was cut out has one in its place')
  const size = (errors: number[]): number => errors.reduce((sum, e) => sum + Math.abs(e), 0) / errors.length
  const line = cut.flatMap((i) => {
    const actual = truth.get(ROWS[i]!.split(',')[1]!)
    return actual === undefined ? [] : [actual - onLine(i, cut)]
  })
  assert.ok(size(found.map(({ ts, value }) => truth.get(ts)! - value)) < 0.5 * size(line))
  const inside = found.filter(({ ts, lower, upper }) => lower <= truth.get(ts)! && truth.get(ts)! <= upper)
  assert.ok(inside.length / found.length > 0.6, `${inside.length} of ${found.length} inside`)
  for (const { lower, value, upper } of values) assert.ok(0 <= lower && lower <= value && value <= upper)

  // The file: every hour once, in order; what was known is as it was; other commands read it.
  const lines = readFileSync(join(cwd, 'full.csv'), 'utf8').trim().split('\n')
  assert.equal(lines[0], 'series,ts,value,lower,upper,imputed')
  assert.equal(lines.length, 1 + ROWS.length)
  assert.equal(lines.filter((row) => row.endsWith(',1')).length, filled)
  ROWS.forEach((row, i) => {
    const known = !cut.includes(i) && !row.endsWith(',')
    if (known) assert.equal(lines[i + 1], `${row},,,0`)
    else assert.ok(lines[i + 1]!.startsWith(row.slice(0, row.lastIndexOf(','))), lines[i + 1])
  })
  const read = []
  for await (const chunk of readObservations(join(cwd, 'full.csv'))) read.push(...chunk)
  assert.equal(read.length, ROWS.length)
})

test('the LSTM with merged sums fills NDJSON to standard output; ends and long gaps stay empty', async (t) => {
  const cwd = folder(t)
  const rows = Array.from({ length: 400 }, (_, i) => {
    const gap = i < 3 || (i >= 100 && i < 105) || (i >= 200 && i < 260) || i > 397
    return { series: 's, one', ts: i * 3_600_000, value: gap ? null : 5 + Math.sin((2 * Math.PI * i) / 8) }
  })
  rows.push({ ...rows[50]!, value: 99 }) // a second reading of an interval
  writeFileSync(join(cwd, 'a.ndjson'), rows.map((row) => JSON.stringify(row)).join('\n'))
  const args = ['a.ndjson', '--season', '8,56', '--cell', 'lstm', '--merge', 'sum', '--hidden', '8']
  const { code, out, err, error } = await impute(cwd, ...args)
  assert.equal(code, 0, String(error))
  const filled = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as (typeof rows)[number] & { imputed: boolean; lower: number })
  assert.deepEqual(
    filled.map(({ ts }) => ts),
    rows.slice(0, 400).map(({ ts }) => ts),
  )
  assert.deepEqual(
    filled.flatMap(({ imputed }, i) => (imputed ? [i] : [])),
    [100, 101, 102, 103, 104],
  )
  assert.deepEqual(
    filled.flatMap(({ value }, i) => (value === null ? [i] : [])),
    [0, 1, 2, ...range(200, 260), 398, 399],
  )
  assert.match(err, /filled 5 values; 65 rows stay empty.* 24 steps; 1 rows dropped/)
  assert.match(err, /linear interpolation +\d/)
})

test('rows in any order, and a gap of years, give the same file', async (t) => {
  const cwd = folder(t)
  const rows = range(0, 400).flatMap((i) => {
    const hour = i < 250 ? i : i + 1_000_000
    return i % 40 === 7 ? [] : [`a,${hour * 3_600_000},${5 + Math.sin((2 * Math.PI * hour) / 24)}`]
  })
  const outputs: string[] = []
  for (const order of [rows, rows.toReversed()]) {
    writeFileSync(join(cwd, 'a.csv'), ['series,ts,value', ...order].join('\n'))
    const { out, error } = await impute(cwd, 'a.csv', '--cell', 'rnn', '--hidden', '4')
    assert.equal(error, null)
    outputs.push(out)
  }
  assert.equal(outputs[0], outputs[1])
  assert.equal(outputs[0]!.trim().split('\n').length, 1 + 400)
})

const hourly = (count: number, value: (i: number) => string): string =>
  range(0, count)
    .map((i) => `a,${i * 3_600_000},${value(i)}\n`)
    .join('')

const REFUSED: readonly (readonly [what: string, text: string, argv: readonly string[], problem: RegExp])[] =
  [
    ['an empty file', '', [], /the file is empty/],
    ['a header alone', 'series,ts,value\n', [], /at least 192 known values .* there are 0/],
    ['nothing but missing values', `series,ts,value\n${hourly(500, () => '')}`, [], /there are 0/],
    ['one value', 'series,ts,value\na,0,1\n', [], /there are 1/],
    ['no column of that name', 'series,time,value\na,0,1\n', [], /line 1: no column "ts"/],
    ['a word for a number', 'series,ts,value\na,0,high\n', [], /line 2: "high" is not a number/],
    [
      'a value beyond all measure',
      'series,ts,value\na,0,1e300\n',
      [],
      /series a at 0: 1e\+300 is out of range/,
    ],
    [
      'too fine an interval',
      `series,ts,value\n${hourly(500, String)}`,
      ['--interval', '1m'],
      /60 steps of the grid/,
    ],
    [
      'too coarse an interval',
      `series,ts,value\n${hourly(500, String)}`,
      ['--interval', '1d'],
      /share their interval/,
    ],
    [
      'an unwritable place',
      `series,ts,value\n${hourly(500, String)}`,
      ['--out', 'no/where.csv'],
      /ENOENT.*no/,
    ],
    ['an interval without a unit', '', ['--interval', '5'], /Expected a duration of at least one second/],
    ['seasons that do not fit', '', ['--season', '24,30'], /the second a multiple of the first/],
  ]

for (const [what, text, argv, problem] of REFUSED) {
  test(`${what} is refused with the reason, before anything is written`, async (t) => {
    const cwd = folder(t)
    writeFileSync(join(cwd, 'bad.csv'), text)
    const { code, out, error } = await impute(cwd, 'bad.csv', ...argv)
    assert.notEqual(code, 0)
    assert.match(error!.message, problem)
    assert.equal(out, '')
  })
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i)
}

/** Linear interpolation of row i over what was cut out or never recorded. */
function onLine(i: number, cut: readonly number[]): number {
  const value = (at: number): number => {
    const text = ROWS[at]!.split(',')[2]!
    return cut.includes(at) || text === '' ? NaN : Number(text)
  }
  let [a, b] = [i, i]
  while (Number.isNaN(value(a))) a--
  while (Number.isNaN(value(b))) b++
  return value(a) + ((i - a) / (b - a)) * (value(b) - value(a))
}
