import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { test } from 'node:test'
import { openEmbeddedBroker } from '../../src/adapters/embedded/embedded-broker.js'
import { DemoFeed } from '../../src/cli/demo.js'
import { systemClock } from '../../src/ports/clock.js'
import { createTelemetry } from '../../src/telemetry/telemetry.js'

const TOPIC = 'stocks'

test('a restarted demonstration goes on at the next row, also when others have sent to its topic', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'tidecast-test-'))
  const broker = await openEmbeddedBroker({
    dir,
    mapSizeBytes: 2 ** 30,
    clock: systemClock,
    pid: process.pid,
  })
  const { logger } = createTelemetry({
    level: 'error',
    format: 'json',
    destination: { write: () => undefined },
    version: 'test',
  })
  try {
    await new DemoFeed(broker, logger).feedHistory([TOPIC])
    const history = (await broker.describe(TOPIC))![0]!.end
    await broker.append(
      ['x', 'y', 'z'].map((key) => ({ topic: TOPIC, partition: 0, key: Buffer.from(key), value: null })),
    )

    const again = new DemoFeed(broker, logger)
    await again.feedHistory([TOPIC])
    assert.equal((await broker.describe(TOPIC))![0]!.end, history + 3, 'no row is sent twice')
    const next = new Promise<number[]>((resolve, reject) => {
      void broker.consume(TOPIC, 'watch', (lease) => {
        const look = async (): Promise<void> => {
          for (;;) {
            const batch = await lease.next(10_000)
            await batch.settle({ outputs: [] })
            const rows = batch.records
              .filter(({ offset }) => offset >= history + 3)
              .map(({ headers }) => Number(Buffer.from(headers!['tidecast-demo-row']!).toString()))
            if (rows.length > 0) {
              resolve(rows)
              return
            }
          }
        }
        look().catch(reject)
      })
    })
    again.startLive()
    const rows = await next
    await again.stop()
    assert.deepEqual(
      rows,
      rows.map((_, i) => history + i),
      'no row is left out',
    )
  } finally {
    await broker.close()
    await rm(dir, { recursive: true, force: true })
  }
})
