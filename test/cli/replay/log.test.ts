import assert from 'node:assert/strict'
import { existsSync, readdirSync, renameSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { openLog, replayCommand, sampleRows, sleepingTimer, storedRecords, workspace } from './harness.js'

test('every row becomes one record, in order, whatever the form of the file', async (t) => {
  const { csv, ndjson, records } = sampleRows(25_000)
  const files: readonly (readonly [name: string, content: string | Buffer])[] = [
    ['rows.csv', csv],
    ['rows.csv.gz', gzipSync(csv)],
    ['rows.ndjson', ndjson],
    ['rows.ndjson.gz', gzipSync(ndjson)],
  ]
  for (const [name, content] of files) {
    const cwd = workspace(t)
    writeFileSync(join(cwd, name), content)
    const { code, out, err } = await replayCommand([name, '--topic', 't'], { cwd })
    assert.equal(code, 0, name)
    assert.match(out, /^25000 rows appended to topic "t" in /)
    assert.match(err, /through the log in /)
    assert.deepEqual(await storedRecords(cwd), records)
  }
})

test('a topic is created with the partitions of its pipeline, and keeps every series in one of them', async (t) => {
  const cwd = workspace(t, '{ partitions: 3 }')
  const { csv, records } = sampleRows(10)
  writeFileSync(join(cwd, 'rows.csv'), csv)
  assert.equal((await replayCommand(['rows.csv', '--topic', 't'], { cwd })).code, 0)
  const broker = await openLog(cwd, true)
  t.after(() => broker.close())
  assert.equal((await broker.describe('t'))?.length, 3)
  const stored = await storedRecords(cwd)
  for (const series of ['s0', 's1']) {
    const of = (all: readonly string[]): string[] => all.filter((record) => record.startsWith(`${series} `))
    assert.deepEqual(of(stored), of(records))
  }
})

test('a record has the field names under which the pipeline of its topic looks for them', async (t) => {
  const cwd = workspace(t, `{ fields: { series: 'meter.id', ts: 'meter.at', value: 'load' } }`)
  writeFileSync(join(cwd, 'rows.csv'), 'id,at,kw\na,2020-01-01T00:00:00Z,2\n')
  const columns = ['--series-column', 'id', '--ts-column', 'at', '--value-column', 'kw']
  assert.equal((await replayCommand(['rows.csv', '--topic', 't', ...columns], { cwd })).code, 0)
  assert.deepEqual(await storedRecords(cwd), ['a {"meter":{"id":"a","at":"2020-01-01T00:00:00Z"},"load":2}'])
})

test('a record carries the columns that are asked for as covariates, where its pipeline looks for them', async (t) => {
  const rows = 'series,ts,value,temperature,wind\na,2020-01-01T00:00:00Z,2,21.5,\n'
  for (const [settings, value] of [
    ['{}', { ts: '2020-01-01T00:00:00Z', value: 2, covariates: { temperature: 21.5, wind: null } }],
    [
      `{ fields: { value: 'load', covariates: 'weather.now' } }`,
      { ts: '2020-01-01T00:00:00Z', load: 2, weather: { now: { temperature: 21.5, wind: null } } },
    ],
  ] as const) {
    const cwd = workspace(t, settings)
    writeFileSync(join(cwd, 'rows.csv'), rows)
    writeFileSync(
      join(cwd, 'rows.ndjson'),
      '{"series":"a","ts":"2020-01-01T00:00:00Z","value":2,"covariates":{"temperature":21.5,"rain":1}}\n',
    )
    for (const file of ['rows.csv', 'rows.ndjson']) {
      const argv = [file, '--topic', 't', '--covariates', 'temperature,wind']
      assert.equal((await replayCommand(argv, { cwd })).code, 0)
    }
    assert.deepEqual(await storedRecords(cwd), Array(2).fill(`a ${JSON.stringify(value)}`))
  }
  const cwd = workspace(t)
  writeFileSync(join(cwd, 'rows.csv'), rows.replace('21.5', 'warm'))
  const { code, error } = await replayCommand(['rows.csv', '--topic', 't', '--covariates', 'temperature'], {
    cwd,
  })
  assert.notEqual(code, 0)
  assert.match(String(error), /line 2: "warm" is not a number/)
})

test('an interrupted replay ends cleanly, says how to go on, and goes on with each row appended once', async (t) => {
  const cwd = workspace(t)
  const { csv, records } = sampleRows(100)
  writeFileSync(join(cwd, 'rows.csv'), csv)
  const stop = new AbortController()
  const timer = sleepingTimer(() => {
    if (timer.slept.length === 4) stop.abort()
  })
  const argv = ['rows.csv', '--topic', 't', '--rate', '100']
  const stopped = await replayCommand(argv, { cwd, signal: stop.signal }, timer)
  assert.equal(stopped.code, 130)
  const [, row] = /^Stopped after row (\d+) of .*same command goes on/.exec(stopped.out) ?? []
  const before = await storedRecords(cwd)
  assert.ok(before.length > 1 && before.length < 100, `${before.length} rows`)
  assert.equal(Number(row), before.length)

  const resumed = await replayCommand(argv.slice(0, 3), { cwd })
  assert.equal(resumed.code, 0)
  assert.match(resumed.err, new RegExp(`resuming after row ${before.length}\\n`))
  assert.match(resumed.out, new RegExp(`^${100 - before.length} rows appended`))
  assert.deepEqual(await storedRecords(cwd), records)
})

test('a replay goes on in the right chunk of a file of many', async (t) => {
  const cwd = workspace(t)
  const { csv, records } = sampleRows(25_000)
  writeFileSync(join(cwd, 'rows.csv'), csv)
  const stop = new AbortController()
  const timer = sleepingTimer(() => {
    if (timer.slept.length === 2) stop.abort()
  })
  const argv = ['rows.csv', '--topic', 't']
  // 240,000 rows a second: 12,000 in the 50 ms between batches.
  await replayCommand([...argv, '--rate', '240000'], { cwd, signal: stop.signal }, timer)
  const before = (await storedRecords(cwd)).length
  assert.ok(before > 10_000 && before < 25_000, `${before} rows`)
  assert.equal((await replayCommand(argv, { cwd })).code, 0)
  assert.deepEqual(await storedRecords(cwd), records)
})

test('a finished replay does nothing, unless it is told to start over', async (t) => {
  const cwd = workspace(t)
  const { csv, records } = sampleRows(10)
  writeFileSync(join(cwd, 'rows.csv'), csv)
  const argv = ['rows.csv', '--topic', 't']
  await replayCommand(argv, { cwd })
  const again = await replayCommand(argv, { cwd })
  assert.deepEqual([again.code, again.err], [0, ''])
  assert.match(again.out, /^All 10 rows of .* are in topic "t" already\. Use --restart/)
  assert.deepEqual(await storedRecords(cwd), records)
  assert.equal((await replayCommand([...argv, '--restart'], { cwd })).code, 0)
  assert.deepEqual(await storedRecords(cwd), [...records, ...records])
})

test('progress belongs to one topic: a second topic gets the whole file', async (t) => {
  const cwd = workspace(t)
  const { csv, records } = sampleRows(10)
  writeFileSync(join(cwd, 'rows.csv'), csv)
  await replayCommand(['rows.csv', '--topic', 't'], { cwd })
  assert.equal((await replayCommand(['rows.csv', '--topic', 'u'], { cwd })).code, 0)
  assert.deepEqual(await storedRecords(cwd, 'u'), records)
})

test('a topic that nobody reads is told, since its name may be a slip', async (t) => {
  const cwd = workspace(t)
  writeFileSync(join(cwd, 'rows.csv'), sampleRows(10).csv)
  const note = /the topic is new[^]*no pipeline of the configuration reads topic "tt"/
  assert.match((await replayCommand(['rows.csv', '--topic', 'tt'], { cwd })).err, note)
  assert.doesNotMatch((await replayCommand(['rows.csv', '--topic', 't'], { cwd })).err, /note:/)
})

test('a file that has changed is not resumed: its rows may be others', async (t) => {
  const cwd = workspace(t)
  const { csv, records } = sampleRows(10)
  const file = join(cwd, 'rows.csv')
  writeFileSync(file, csv)
  const argv = ['rows.csv', '--topic', 't']
  await replayCommand(argv, { cwd })
  utimesSync(file, 1, 1)
  const { code, error } = await replayCommand(argv, { cwd })
  assert.equal(code, 1)
  assert.match(String(error), /has changed since its first 10 rows.*--restart/)
  assert.deepEqual(await storedRecords(cwd), records)
})

test('a bad line ends the replay with its number; what came in chunks before it can be resumed', async (t) => {
  const cwd = workspace(t)
  const { csv, records } = sampleRows(15_000)
  writeFileSync(join(cwd, 'rows.csv'), `${csv}s0,0,many\n`)
  const { code, error, err } = await replayCommand(['rows.csv', '--topic', 't'], { cwd })
  assert.equal(code, 1)
  assert.match(String(error), /rows\.csv: line 15002: "many" is not a number/)
  assert.match(err, /the first 10000 rows of .* are in topic "t"/)
  assert.deepEqual(await storedRecords(cwd), records.slice(0, 10_000))
})

test('a file that is not of the kind leaves no topic and no log behind', async (t) => {
  const cwd = workspace(t)
  writeFileSync(join(cwd, 'rows.csv'), 'name,age\nx,1\n')
  const { code, error } = await replayCommand(['rows.csv', '--topic', 't'], { cwd })
  assert.equal(code, 1)
  assert.match(String(error), /line 1: no column "series", "ts", "value" among name, age/)
  assert.equal(existsSync(join(cwd, 'data')), false)
})

test('rows that are gone with their topic are not skipped', async (t) => {
  const cwd = workspace(t)
  writeFileSync(join(cwd, 'rows.csv'), sampleRows(100).csv)
  const stop = new AbortController()
  const timer = sleepingTimer(() => stop.abort())
  const argv = ['rows.csv', '--topic', 't']
  await replayCommand([...argv, '--rate', '10'], { cwd, signal: stop.signal }, timer)
  assert.match(readdirSync(join(cwd, 'data', 'replay')).join(), /^[0-9a-f]{32}\.json$/)
  renameSync(join(cwd, 'data', 'log'), join(cwd, 'lost'))
  const lost = await replayCommand(argv, { cwd })
  assert.equal(lost.code, 1)
  assert.match(String(lost.error), /no topic "t" any more.*--restart/)
})

test('--data-dir takes the place of the configured directory', async (t) => {
  const cwd = workspace(t)
  const { csv, records } = sampleRows(10)
  writeFileSync(join(cwd, 'rows.csv'), csv)
  const argv = ['rows.csv', '--topic', 't']
  assert.equal((await replayCommand([...argv, '--data-dir', 'other'], { cwd })).code, 0)
  assert.equal(existsSync(join(cwd, 'data')), false)
  renameSync(join(cwd, 'other'), join(cwd, 'data'))
  assert.deepEqual(await storedRecords(cwd), records)
})

test('--json prints the outcome for a program', async (t) => {
  const cwd = workspace(t)
  writeFileSync(join(cwd, 'rows.csv'), sampleRows(10).csv)
  const argv = ['rows.csv', '--topic', 't', '--json']
  const { seconds, ...first } = JSON.parse((await replayCommand(argv, { cwd })).out) as Record<
    string,
    unknown
  >
  const file = join(cwd, 'rows.csv')
  assert.equal(typeof seconds, 'number')
  assert.deepEqual(first, {
    outcome: 'finished',
    file,
    topic: 't',
    via: 'log',
    rows: 10,
    before: 0,
    appended: 10,
  })
  const again = JSON.parse((await replayCommand(argv, { cwd })).out) as Record<string, unknown>
  assert.deepEqual([again['outcome'], again['before'], again['appended']], ['finished', 10, 0])
})
