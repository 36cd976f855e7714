import assert from 'node:assert/strict'
import { mkdtemp, open, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { join as lease, readAll, rejectsWith, text } from '../contract/broker-helpers.js'
import { DaemonProcess } from '../support/daemon-process.js'
import { connectionTo, connectKafka, startKafka, withoutKafka, type RealKafka } from '../support/kafka.js'

const HOUR = 3_600_000
const START = Date.UTC(2026, 0, 1)
const PIPELINE = { interval: '1h', season: 'none', partitions: 1, training: { enabled: false } }

describe('bad days with a real Kafka', { skip: withoutKafka }, () => {
  let home: string
  let kafka: RealKafka
  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'tidecast-'))
    kafka = await startKafka({ dir: join(home, 'broker') })
  })
  after(async () => {
    await kafka.stop()
    await rm(home, { recursive: true, force: true })
  })

  async function daemon(name: string, settings: object = {}): Promise<DaemonProcess> {
    const dataDir = await mkdtemp(join(home, 'data-'))
    const broker = { kind: 'kafka', kafka: { brokers: kafka.brokers, sessionTimeout: '6s', ...settings } }
    return DaemonProcess.start(dataDir, { log: { format: 'json' }, broker, pipelines: { [name]: PIPELINE } })
  }

  async function connected() {
    return connectKafka(kafka.brokers, { modelsTopic: 'tidecast.models' })
  }

  async function until(what: string, reached: () => Promise<boolean> | boolean): Promise<void> {
    const deadline = Date.now() + 60_000
    while (!(await reached())) {
      if (Date.now() > deadline) throw new Error(`not within a minute: ${what}`)
      await pause(50)
    }
  }

  test('a broker that is away at start is waited for: alive, not ready and saying why; then there are forecasts', async () => {
    const port = Number(kafka.brokers.split(':')[1])
    await kafka.stop()
    const started = await daemon('patient', { connectionTimeout: '500ms' })
    try {
      let url: string | undefined
      await until('HTTP answers', () => (url = /"url":"([^"]+)"/.exec(started.stderr)?.[1]) !== undefined)
      const get = async (path: string) => {
        const response = await fetch(`${url}${path}`)
        return { status: response.status, text: await response.text() }
      }
      await until('it waits', async () => /waiting for the broker/.test((await get('/readyz')).text))
      assert.equal((await get('/readyz')).status, 503)
      assert.equal((await get('/healthz')).status, 200)
      assert.match((await get('/metrics')).text, /tidecast_broker_trouble\{pipeline="patient"\} 1/)
      kafka = await startKafka({ dir: join(home, 'broker'), port })
      await until('it is ready', async () => (await get('/readyz')).status === 200)
      await until('the metric follows', async () =>
        /tidecast_broker_trouble\{pipeline="patient"\} 0/.test((await get('/metrics')).text),
      )
      assert.ok(started.alive)
    } finally {
      await started.kill()
    }
  })

  test('a topic that is missing and may not be created ends the start with its name', async () => {
    const started = await daemon('missing', { createTopics: false, modelsTopic: 'models-of-nobody' })
    assert.equal((await started.ended).code, 1)
    assert.match(started.stderr, /no topic missing, .*createTopics.*Create it \(partitions: 1\)/)
  })

  test('clocks far off, garbage and records too long to be letters are dead letters; what is good is forecast', async (t) => {
    const { broker, end } = await connected()
    t.after(end)
    await broker.ensureTopics([{ name: 'skewed', partitions: 1 }])
    const at = (ts: number) => JSON.stringify({ ts, value: 1 })
    const values = [
      at(START),
      at(START + HOUR),
      at(Date.UTC(2126, 0, 1)),
      at(START - 1000 * HOUR),
      'x'.repeat(999_900),
      at(START + 2 * HOUR),
    ]
    for (const value of values) {
      await broker.append([{ topic: 'skewed', key: Buffer.from('s'), value: Buffer.from(value) }])
    }
    const started = await daemon('skewed')
    try {
      await started.until('skewed', ({ records }) => records >= values.length)
      const forecasts = (await readAll(broker, 'skewed.forecasts')).map(({ value }) =>
        Date.parse((JSON.parse(text(value)!) as { origin: string }).origin),
      )
      assert.deepEqual(forecasts, [START, START + HOUR, START + 2 * HOUR])
      const letters = (await readAll(broker, 'skewed.dead-letters')).map(({ value, headers }) => [
        text(headers!['tidecast-reason']!),
        text(headers!['tidecast-offset']!),
        value!.length,
        headers!['tidecast-truncated'] === undefined ? undefined : text(headers!['tidecast-truncated']),
      ])
      assert.deepEqual(letters, [
        ['too-far-ahead', '2', values[2]!.length, undefined],
        ['late', '3', values[3]!.length, undefined],
        ['too-large', '4', 1024, '999900'],
      ])
    } finally {
      await started.kill()
    }
  })

  test('a batch that is damaged on disk holds up what is behind it, by name, and nothing before it', async (t) => {
    const first = await connectKafka(kafka.brokers, {
      connection: connectionTo(kafka.brokers, { compression: 'zstd' }),
    })
    await first.broker.ensureTopics([{ name: 'poison', partitions: 1 }])
    for (const word of ['before', 'damaged', 'behind']) {
      const value = Buffer.from(`${word} `.repeat(50))
      await first.broker.append([{ topic: 'poison', key: null, value }])
    }
    await first.end()
    const port = Number(kafka.brokers.split(':')[1])
    await kafka.stop()
    await damage(join(home, 'broker', 'logs', 'poison-0', '00000000000000000000.log'), 1)
    kafka = await startKafka({ dir: join(home, 'broker'), port })
    const { broker, end } = await connected()
    t.after(end)
    const { lease: held } = await lease(broker, 'poison', 'poison-readers')
    const batch = await held.next(10)
    assert.deepEqual(
      batch.records.map(({ value }) => text(value)!.slice(0, 6)),
      ['before'],
    )
    await batch.settle({ outputs: [] })
    await rejectsWith('corrupt', held.next(10))
    await assert.rejects(held.next(10), /offset 1 of poison\[0\].*zstd/)
    assert.equal(held.committed, 1)
  })
})

/** Overwrites what is packed in the batch of that number: its header of 61 bytes stays as it is. */
async function damage(segment: string, number: number): Promise<void> {
  const log = await readFile(segment)
  let at = 0
  for (let i = 0; i < number; i++) at += 12 + log.readInt32BE(at + 8)
  const file = await open(segment, 'r+')
  await file.write(Buffer.alloc(log.readInt32BE(at + 8) + 12 - 61, 0xff), 0, undefined, at + 61)
  await file.close()
}
