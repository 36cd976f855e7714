import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import avsc from 'avsc'
import { ConfluentRegistry } from '../../src/adapters/registry/confluent-registry.js'
import { registerInspect } from '../../src/cli/inspect.js'
import { loadConfig } from '../../src/config/load.js'
import type { Forecast } from '../../src/core/forecast/format.js'
import { forecastSchema } from '../../src/core/forecast/schemas.js'
import type { LogRecord, OutboundRecord } from '../../src/ports/broker.js'
import { readHistories } from '../../src/training/read-histories.js'
import { replayCommand, runCommand } from '../cli/replay/harness.js'
import { readAll } from '../contract/broker-helpers.js'
import { DaemonProcess } from '../support/daemon-process.js'
import type { RegistryError, RegistryPlace } from '../../src/ports/schema-registry.js'
import { withLogOf } from '../support/house.js'
import { connectKafka, startKafka, withoutKafka, type RealKafka } from '../support/kafka.js'
import { pipelineConfig } from '../support/pipeline-config.js'
import { RegistryGate } from '../support/registry-gate.js'
import { startRegistry, withoutRegistry, type RealRegistry } from '../support/registry.js'

const HOUR = 3_600_000
const BASIC = `Basic ${Buffer.from('tide:säcret').toString('base64')}`
const START = Date.UTC(2026, 0, 1)
const READING = {
  type: 'record',
  name: 'Reading',
  fields: [
    { name: 'note', type: ['null', 'string'] },
    { name: 'at', type: { type: 'long', logicalType: 'timestamp-micros' } },
    { name: 'value', type: ['null', 'double'] },
  ],
} as const
const witness = avsc.Type.forSchema(READING as unknown as avsc.Schema)
const SCHEMA = { type: 'avro', text: JSON.stringify(READING) } as const
const SETTINGS = {
  encoding: { input: 'avro', output: 'avro' },
  fields: { ts: 'at' },
  season: 'none',
  horizon: 3,
  state: { snapshotEvery: '200ms' },
  training: { enabled: false },
}

describe('with a real schema registry, on a real Kafka', { skip: withoutKafka || withoutRegistry }, () => {
  let home: string
  let kafka: RealKafka
  let registry: RealRegistry
  let gate: RegistryGate
  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'tidecast-registry-'))
    ;[kafka, registry] = await Promise.all([startKafka(), startRegistry()])
    gate = await RegistryGate.before(registry.url, join(home, 'certificates'), [BASIC, 'Bearer a-token'])
  })
  after(async () => {
    await Promise.all([kafka.stop(), registry.stop(), gate.shut()])
    await rm(home, { recursive: true, force: true })
  })

  const client = (register = true) =>
    new ConfluentRegistry({ url: registry.url, timeoutMs: 10_000, register })

  test('the registry finds what was registered, and only that, and resolves references', async () => {
    const reader = client()
    await assert.rejects(client(false).idOf('own-value', SCHEMA), { code: 'not-registered' })
    const id = await reader.idOf('own-value', SCHEMA)
    assert.equal(await client(false).idOf('own-value', SCHEMA), id)
    const found = await client().schema(id)
    assert.equal(found?.type, 'avro')
    assert.deepEqual(JSON.parse(found.text), READING)
    assert.equal(await reader.schema(999_999), null)
    const referring = {
      schema: '{"type":"array","items":"Reading"}',
      schemaType: 'AVRO',
      references: [{ name: 'Reading', subject: 'own-value', version: 1 }],
    }
    const answer = await fetch(`${registry.url}/subjects/referring-value/versions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(referring),
    })
    const { id: other } = (await answer.json()) as { id: number }
    assert.deepEqual(
      (await reader.schema(other))?.references.map((text) => JSON.parse(text) as unknown),
      [READING],
    )
  })

  test('a registry behind TLS and a login is asked with the authority and the login that it takes, and no others', async () => {
    const { url, ca } = gate
    const through = (login: RegistryPlace['login'], more = { ca }) =>
      new ConfluentRegistry({ url, timeoutMs: 10_000, register: true, ...(login && { login }), ...more })
    const basic = { kind: 'basic', username: 'tide', password: 'säcret' } as const
    const id = await through(basic).idOf('secured-value', SCHEMA)
    assert.equal((await through({ kind: 'bearer', token: 'a-token' }).schema(id))?.type, 'avro')
    for (const login of [
      undefined,
      { ...basic, password: 'säcreu' },
      { kind: 'bearer', token: 'another' },
    ] as const) {
      await assert.rejects(through(login).schema(id), (error: RegistryError) => {
        assert.equal(error.code, 'denied')
        assert.doesNotMatch(error.message, /säcre|another/)
        return true
      })
    }
    // Without its authority the registry could be anybody: nothing is sent.
    await assert.rejects(through(basic, {} as { ca: string }).schema(id), { code: 'unavailable' })
  })

  test('schemas of forecasts in rows are registered, also after a change of levels, under the strictest compatibility', async () => {
    const schemaOf = (quantiles: readonly number[]) => {
      const config = pipelineConfig('rows', { quantiles, publish: { format: 'long' } })
      return forecastSchema({ ...config, encoding: { output: 'avro' } })!
    }
    const [narrow, wide] = [schemaOf([0.1, 0.5, 0.9]), schemaOf([0.05, 0.5, 0.95])]
    const first = await client().idOf('rows-value', narrow)
    const answer = await fetch(`${registry.url}/config/rows-value`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: '{"compatibility":"FULL_TRANSITIVE"}',
    })
    assert.equal(answer.status, 200)
    assert.notEqual(await client().idOf('rows-value', wide), first)
    assert.equal(await client(false).idOf('rows-value', narrow), first)
    await assert.rejects(client().idOf('rows-value', SCHEMA), { code: 'incompatible' })
  })

  test('rows come into a topic in Avro over HTTP and by replay; forecasts in rows wait for their schema, and are read back; the trainer finds the series', async () => {
    const dataDir = await mkdtemp(join(home, 'data-'))
    const meter = {
      ...SETTINGS,
      encoding: { input: 'avro', output: 'avro' },
      publish: { format: 'long' },
    }
    const settings = {
      dataDir,
      schemaRegistry: { url: registry.url, register: false },
      pipelines: { meter },
    }
    const file = join(dataDir, 'tidecast.json5')
    const daemon = await DaemonProcess.start(dataDir, settings)
    try {
      const line = (hour: number): string =>
        `${JSON.stringify({ key: 'a', value: { at: START + hour * HOUR, value: hour } })}\n`
      await daemon.listening
      assert.equal(await daemon.ingest('meter', line(0)), false)
      const [note, ...fields] = READING.fields
      const text = JSON.stringify({ ...READING, fields: [{ ...note, default: null }, ...fields] })
      await client().idOf('meter-value', { type: 'avro', text })
      assert.ok(await daemon.ingest('meter', [0, 1, 2].map(line).join('')))
      await assert.rejects(daemon.ingest('meter', '{"key":"a","value":{"at":1,"value":"x"}}'), /422.*union/)
      await until(async () => /subject meter\.forecasts-value does not have the schema/.test(daemon.stderr))
      assert.equal((await daemon.status('meter')).records, 0)
      const loaded = loadConfig({ files: [file], env: {} }).pipelines[0]!
      await client().idOf('meter.forecasts-value', forecastSchema(loaded)!)
      await until(async () => (await daemon.status('meter')).records === 3)
      const latest = await fetch(`${await daemon.listening}/api/v1/pipelines/meter/series/a/forecast`)
      const forecast = (await latest.json()) as Forecast
      assert.equal(forecast.origin, new Date(START + 2 * HOUR).toISOString())
      await daemon.terminate()

      const run = { cwd: dataDir }
      const rows = `series,ts,value\na,${new Date(START + 3 * HOUR).toISOString()},3\na,${START + 4 * HOUR},\n`
      await writeFile(join(dataDir, 'rows.csv'), rows)
      const replayed = await replayCommand(['rows.csv', '--topic', 'meter', '-c', file], run)
      assert.equal(replayed.code, 0, replayed.err)
      const chart = ['--chart', 'chart.svg', '--json', '-c', file]
      const seen = await runCommand(registerInspect, ['inspect', 'meter', 'a', ...chart], run)
      assert.deepEqual((JSON.parse(seen.out) as { forecast: Forecast }).forecast, forecast)
      const svg = await readFile(join(dataDir, 'chart.svg'), 'utf8')
      const observed = /points="([^"]+)" fill="none" stroke="#d55e00"/.exec(svg)![1]!
      assert.equal(observed.split(' ').length, 4)
      await withLogOf(dataDir, async (log) => {
        const [history] = await readHistories(log, loaded, {}, (id) => client().schema(id))
        assert.deepEqual([...history!.values], [0, 1, 2, 3, NaN])
        assert.equal((await readAll(log, 'meter.forecasts')).length, 9)
      })
    } finally {
      await daemon.kill()
    }
  })

  test('Avro is forecast in Avro; a registry that is away is waited for; an unknown id is a dead letter; a tombstone outlives kill -9', async (t) => {
    const { broker, end } = await connectKafka(kafka.brokers)
    t.after(end)
    await broker.ensureTopics([{ name: 'avro', partitions: 1 }])
    const id = await client().idOf('avro-value', SCHEMA)
    const record = (
      series: string,
      hour: number,
      value: number | null,
      schema = id,
      writer = witness,
    ): OutboundRecord => {
      const head = Buffer.alloc(5)
      head.writeUInt32BE(schema, 1)
      const body = writer.toBuffer({
        note: null,
        unit: null,
        at: (START + hour * HOUR) * 1000,
        value,
      })
      return {
        topic: 'avro',
        key: Buffer.from(series),
        value: Buffer.concat([head, body]),
        timestamp: START + hour * HOUR,
      }
    }
    await gate.shut()
    await broker.append([0, 1, 2].flatMap((hour) => ['a', 'b'].map((series) => record(series, hour, hour))))
    const dataDir = await mkdtemp(join(home, 'data-'))
    const passwordFile = join(dataDir, 'password')
    await writeFile(passwordFile, 'säcret\n')
    const config = {
      broker: { kind: 'kafka', kafka: { brokers: kafka.brokers, heartbeat: '200ms', sessionTimeout: '6s' } },
      schemaRegistry: { url: gate.url, ca: gate.ca, username: 'tide', passwordFile, timeout: '1s' },
      pipelines: { avro: SETTINGS },
    }
    let daemon = await DaemonProcess.start(dataDir, config)
    t.after(() => daemon.kill())
    const metric = async (line: string): Promise<number> => {
      const text = await (await fetch(`${await daemon.listening}/metrics`)).text()
      return Number(
        text
          .split('\n')
          .find((one) => one.startsWith(`${line} `))
          ?.slice(line.length),
      )
    }
    await until(
      async () => (await metric('tidecast_batch_failures_total{pipeline="avro",reason="registry"}')) > 0,
    )
    assert.equal((await daemon.status('avro')).records, 0)

    await gate.open()
    const forecasts = (): Promise<LogRecord[]> => readAll(broker, 'avro.forecasts')
    // As any other client reads them: the schema by the id in the frame, the value by the schema.
    const originsOf = async (values: readonly LogRecord[]): Promise<number[]> => {
      const schema = Buffer.from(values[0]!.value!).readUInt32BE(1)
      const found = await fetch(`${registry.url}/schemas/ids/${schema}`)
      const type = avsc.Type.forSchema(
        JSON.parse(((await found.json()) as { schema: string }).schema) as avsc.Schema,
      )
      assert.equal(type.name, 'tidecast.Forecast')
      return values.map(({ key, value }) => {
        assert.equal(Buffer.from(value!).readUInt32BE(1), schema)
        const { series, origin, quantiles } = type.fromBuffer(Buffer.from(value!).subarray(5)) as Forecast
        assert.equal(series, Buffer.from(key!).toString())
        assert.deepEqual(
          Object.entries(quantiles).map(([level, steps]) => [level, steps.length]),
          [0.1, 0.5, 0.9].map((level) => [String(level), 3]),
        )
        return Number(origin)
      })
    }
    await until(async () => (await forecasts()).length === 6)
    assert.deepEqual(
      await originsOf(await forecasts()),
      [0, 0, 1, 1, 2, 2].map((hour) => START + hour * HOUR),
    )
    assert.deepEqual(
      (await forecasts()).map((one) => header(one, 'tidecast-offset')),
      ['0', '1', '2', '3', '4', '5'],
    )

    // Away again: what is known goes on, what is not waits, and nothing is taken for undecodable.
    await gate.shut()
    await broker.append([record('a', 3, 3)])
    await until(async () => (await forecasts()).length === 7)
    const wider = {
      ...READING,
      fields: [...READING.fields, { name: 'unit', type: ['null', 'string'], default: null }],
    }
    const another = await client().idOf('avro-value', { type: 'avro', text: JSON.stringify(wider) })
    assert.notEqual(another, id)
    const failures = 'tidecast_batch_failures_total{pipeline="avro",reason="registry"}'
    const before = await metric(failures)
    const writer = avsc.Type.forSchema(wider as unknown as avsc.Schema)
    await broker.append([record('a', 4, 4, another, writer), record('b', 3, 3)])
    await until(async () => (await metric(failures)) > before)
    const ready = await fetch(`${await daemon.listening}/readyz`)
    assert.equal(ready.status, 503)
    assert.match(await ready.text(), /registry/)
    assert.equal((await forecasts()).length, 7)
    await gate.open()
    await until(async () => (await forecasts()).length === 9)
    assert.deepEqual(
      (await originsOf(await forecasts())).slice(6),
      [3, 4, 3].map((hour) => START + hour * HOUR),
    )
    assert.equal((await readAll(broker, 'avro.dead-letters')).length, 0)
    await until(async () => (await fetch(`${await daemon.listening}/readyz`)).status === 200)

    await broker.append([record('a', 5, 5, 999_999)])
    await until(async () => (await readAll(broker, 'avro.dead-letters')).length === 1)
    const [letter] = await readAll(broker, 'avro.dead-letters')
    assert.equal(header(letter!, 'tidecast-reason'), 'unknown-schema')
    assert.match(header(letter!, 'tidecast-detail'), /999999/)
    assert.ok(Buffer.from(letter!.value!).equals(record('a', 5, 5, 999_999).value!))

    const states = async (): Promise<(boolean | undefined)[]> => {
      const last = new Map<string, boolean>()
      for (const { key, value } of await readAll(broker, 'tidecast-avro.states')) {
        last.set(Buffer.from(key!).subarray(1).toString(), value !== null)
      }
      return [last.get('a'), last.get('b')]
    }
    await until(async () => (await states()).every((stored) => stored === true))
    await broker.append([{ topic: 'avro', key: Buffer.from('a'), value: null }])
    await until(async () => (await metric('tidecast_tombstones_total{pipeline="avro"}')) === 1)
    await daemon.kill()
    daemon = await DaemonProcess.start(dataDir, config)
    // Earlier than what was known of the series: taken from a new one only.
    await broker.append([record('a', 0, 9), record('b', 0, 9)])
    await until(async () => (await forecasts()).length === 10)
    await until(async () => (await readAll(broker, 'avro.dead-letters')).length === 2)
    assert.equal((await originsOf(await forecasts())).at(-1), START)
    assert.equal(header((await readAll(broker, 'avro.dead-letters'))[1]!, 'tidecast-reason'), 'late')
    await daemon.terminate()
  })
})

function header({ headers }: LogRecord, name: string): string {
  return Buffer.from(headers?.[name] ?? []).toString()
}

async function until(reached: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000
  while (!(await reached())) {
    if (Date.now() > deadline) throw new Error('not reached in time')
    await pause(50)
  }
}
