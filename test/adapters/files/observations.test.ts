import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import {
  DEFAULT_COLUMNS,
  readObservations,
  type FileColumns,
  type FileObservation,
} from '../../../src/adapters/files/observations.js'

const dir = mkdtempSync(join(tmpdir(), 'tidecast-files-'))
after(() => rmSync(dir, { recursive: true }))

function write(name: string, content: string | Buffer): string {
  const path = join(dir, name)
  writeFileSync(path, content)
  return path
}

async function read(path: string, columns?: FileColumns): Promise<FileObservation[]> {
  const rows: FileObservation[] = []
  for await (const chunk of readObservations(path, columns)) rows.push(...chunk)
  return rows
}

const ROWS: FileObservation[] = [
  { series: 'a', ts: '2020-01-01T00:00:00Z', value: 1.5 },
  { series: 'b "x", y', ts: 1577836800000, value: null },
  { series: 'ü', ts: '2020-01-01 02:00', value: -0.25 },
]
const CSV = `\uFEFFseries,note,ts,value
a,,2020-01-01T00:00:00Z,1.5
"b ""x"", y",,1577836800000,NaN

ü,,2020-01-01 02:00, -0.25
`
const NDJSON = ROWS.map((row) => `${JSON.stringify(row)}\n`).join('\n')

test('the same rows are read from CSV and NDJSON, plain and gzipped', async () => {
  assert.deepEqual(await read(write('a.csv', CSV)), ROWS)
  assert.deepEqual(await read(write('a.csv.gz', gzipSync(CSV))), ROWS)
  assert.deepEqual(await read(write('a.ndjson', NDJSON)), ROWS)
  assert.deepEqual(await read(write('a.jsonl.gz', gzipSync(NDJSON.trimEnd()))), ROWS)
})

test('columns may have other names, and one name stands for a series column that is not there', async () => {
  const columns = { series: 'id', ts: 'time', value: 'load' }
  const row = { series: 'a', ts: 0, value: 2 }
  assert.deepEqual(await read(write('b.csv', 'time,id,load\n0,a,2\n'), columns), [row])
  assert.deepEqual(await read(write('b.ndjson', '{"time":0,"id":"a","load":2}'), columns), [row])
  const only = { ...DEFAULT_COLUMNS, only: 'a' }
  assert.deepEqual(await read(write('c.csv', 'ts,value\n0,2\n'), only), [row])
  assert.deepEqual(await read(write('c.ndjson', '{"ts":0,"value":2}'), only), [row])
})

test('a file of many series is not taken for one of a single series', async () => {
  const only = { ...DEFAULT_COLUMNS, only: 'a' }
  await assert.rejects(read(write('d.csv', 'series,ts,value\nb,0,2\n'), only), /line 1: .*"series"/)
  await assert.rejects(read(write('d.ndjson', '{"series":"b","ts":0,"value":2}'), only), /line 1: .*"series"/)
})

const BAD_CSV: readonly (readonly [what: string, content: string, message: RegExp])[] = [
  ['a value that is no number', 'series,ts,value\na,0,1\na,1,x1\n', /line 3: "x1" is not a number/],
  ['a value that is not finite', 'series,ts,value\na,0,Infinity\n', /line 2: "Infinity" is not a number/],
  ['a time stamp that is none', 'series,ts,value\n\na,yesterday,1\n', /line 3: "yesterday" is neither/],
  ['a row without a series', 'series,ts,value\n,0,1\n', /line 2: no name of a series/],
  ['a row of another length', 'series,ts,value\na,0\n', /line 2: 2 cells, where the header has 3/],
  ['a missing column', 'series,time,value\n', /line 1: no column "ts" among series, time, value/],
  ['a bad row below a cell of two lines', 'series,ts,value,n\na,0,1,"x\ny"\na,1,z,\n', /line 4: "z"/],
  ['a quote that is not closed', 'series,ts,value\n"a,0,1\n', /line 2/],
  ['nothing at all', '', /empty/],
]

for (const [what, content, message] of BAD_CSV) {
  test(`${what} in a CSV file fails and names the line`, async () => {
    await assert.rejects(read(write('bad.csv', content)), { name: 'FileFormatError', message })
  })
}

const BAD_NDJSON: readonly (readonly [what: string, line: string, message: RegExp])[] = [
  ['a line that is no JSON', '{"series":', /line 2: not JSON/],
  ['a line that is no object', '7', /line 2: not an object/],
  ['a row without a series', '{"ts":0,"value":1}', /line 2: no "series"/],
  ['a series that has no UTF-8 form', '{"series":"\\ud800","ts":0,"value":1}', /line 2: .*not valid Unicode/],
  ['a row without a time stamp', '{"series":"a","value":1}', /line 2: no "ts"/],
  ['a time stamp that is none', '{"series":"a","ts":"now","value":1}', /line 2: "now" is neither/],
  ['a value that is text', '{"series":"a","ts":0,"value":"1"}', /line 2: "value" is not a number/],
  ['a number too large to keep', '{"series":"a","ts":0,"value":1e999}', /line 2: "value" is not a number/],
]

for (const [what, line, message] of BAD_NDJSON) {
  test(`${what} in an NDJSON file fails and names the line`, async () => {
    const path = write('bad.ndjson', `{"series":"a","ts":0,"value":1}\n${line}\n`)
    await assert.rejects(read(path), { name: 'FileFormatError', message })
  })
}

test('a gzip file that is cut off fails: it is not taken for a shorter one', async () => {
  for (const [name, text] of [
    ['cut.csv.gz', CSV],
    ['cut.ndjson.gz', NDJSON],
  ] as const) {
    const whole = gzipSync(text.repeat(1))
    await assert.rejects(read(write(name, whole.subarray(0, -8))), {
      name: 'FileFormatError',
      message: /cut off/,
    })
  }
  await assert.rejects(read(write('plain.csv.gz', CSV)), { name: 'FileFormatError', message: /not gzip/ })
})
