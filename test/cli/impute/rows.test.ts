import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { readObservations, type FileObservation } from '../../../src/adapters/files/observations.js'
import { seriesOf } from '../../../src/cli/impute/pieces.js'
import type { Fill } from '../../../src/cli/impute/protocol.js'
import { filledRows } from '../../../src/cli/impute/rows.js'
import { writeRowsTo } from '../../../src/cli/impute/write.js'
import type { Random } from '../../../src/model/random.js'
import { gapsOf } from '../../../src/training/imputation/fill.js'
import { long, seeded } from '../../support/run-options.js'

const NAMES = ['plain', 'with, comma', 'with "quotes"', ' spaces ', 'line\nbreak', 'ünï']
const MINUTE = 60_000

/** Rows out of order, off the grid, missing, null, twice in an interval; long silences now and then. */
function wildRows(random: Random): FileObservation[] {
  const rows: FileObservation[] = []
  for (const series of NAMES.slice(random.integer(NAMES.length))) {
    const numeric = random.uniform() < 0.5
    let at = random.integer(1000)
    for (let i = 0; i < 50; i++) {
      at += random.uniform() < 0.01 ? 9950 + random.integer(100) : 1 + random.integer(2)
      const copies = random.uniform() < 0.1 ? 2 : 1
      for (let c = 0; c < copies; c++) {
        const ts = at * MINUTE + random.integer(MINUTE)
        const value = random.uniform() < 0.2 ? null : random.normal()
        rows.push({ series, ts: numeric ? ts : new Date(ts).toISOString(), value })
      }
    }
  }
  for (let i = rows.length - 1; i > 0; i--) {
    const j = random.integer(i + 1)
    const other = rows[i]!
    rows[i] = rows[j]!
    rows[j] = other
  }
  return rows
}

test('of wild rows every one has its place, every gap is filled once, and the file reads back', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'tidecast-impute-'))
  t.after(() => rmSync(dir, { recursive: true }))
  const { random } = seeded(t)
  for (let round = 0; round < (long ? 200 : 12); round++) {
    const input = wildRows(random)
    const series = seriesOf(input, MINUTE)
    const fills = series.flatMap(({ pieces }) =>
      pieces.map(({ values }) =>
        gapsOf(values).flatMap(({ from, to }) =>
          Array.from({ length: to - from }, (_, i): Fill => {
            return { step: from + i, lower: -1 / 3, median: 0, upper: 1e-7 }
          }),
        ),
      ),
    )
    const rows = filledRows(series, fills)
    const name = join(dir, `${round}.${['csv', 'csv.gz', 'ndjson', 'ndjson.gz'][round % 4]!}`)
    await writeRowsTo(name, rows)
    const read: FileObservation[] = []
    for await (const chunk of readObservations(name)) read.push(...chunk)
    assert.equal(read.length, rows.length)

    const time = (ts: string | number): number => (typeof ts === 'number' ? ts : Date.parse(ts))
    read.forEach(({ ts }, i) => assert.ok(i === 0 || time(read[i - 1]!.ts) <= time(ts)))
    const key = (row: FileObservation): string => `${row.series.trim()} ${Math.floor(time(row.ts) / MINUTE)}`
    const places = new Map(read.map((row) => [key(row), row.value]))
    assert.equal(places.size, read.length, 'one row for each interval of a series')
    const first = new Map<string, number | null>()
    for (const row of input) if (!first.has(key(row))) first.set(key(row), row.value)
    for (const [place, value] of first) {
      assert.ok(places.has(place))
      if (value !== null) assert.equal(places.get(place), value)
    }
    for (const { name: one, pieces } of series) {
      for (const { start, values } of pieces) {
        values.forEach((_, step) => {
          assert.ok(places.get(`${one.trim()} ${start + step}`) !== null, 'nothing is missing inside a piece')
          assert.ok(places.has(`${one.trim()} ${start + step}`))
        })
      }
    }
    assert.equal(rows.filter(({ imputed }) => imputed).length, fills.flat().length)
  }
})
