import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '../../support/properties.js'
import { bytes, join, loadRows, row } from '../../contract/broker-helpers.js'
import { withLog } from './temporary-log.js'

const META = new Uint8Array(0)

test('states are found by any name, however long or odd', async () => {
  await withLog(async (broker) => {
    await broker.ensureTopics([{ name: 'topic', partitions: 1 }])
    const { lease } = await join(broker, 'topic', 'group')
    const odd = [
      '',
      '\0',
      'a\0b',
      '__proto__',
      '\ud800',
      '\udfff',
      '�',
      'ü'.repeat(64),
      'ü'.repeat(65),
      'x'.repeat(10_000),
    ]
    const long = `${'x'.repeat(9_999)}y`
    const names = fc.oneof(fc.constantFrom(...odd, long), fc.string({ unit: 'binary', maxLength: 200 }))
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(names, { maxLength: 20 }), async (series) => {
        await lease.moveTo(0, META)
        const rows = series.map((name, i) => row(name, i, `state ${i}`))
        await lease.checkpoint({ meta: META, rows })
        for (const expected of rows) {
          const { bytes: content, ...rest } =
            (await lease.states.get(expected.series)) ?? row('missing', 0, '')
          const { bytes: expectedContent, ...expectedRest } = expected
          assert.deepEqual(rest, expectedRest)
          assert.deepEqual(new Uint8Array(content), expectedContent)
        }
        assert.deepEqual(Object.keys(await loadRows(lease)).sort(), [...series].sort())
      }),
      { numRuns: 30 },
    )
  })
})

test('many states load in chunks, each once', async () => {
  await withLog(
    async (broker) => {
      await broker.ensureTopics([{ name: 'topic', partitions: 2 }])
      const { leases } = await join(broker, 'topic', 'group', 2)
      const content = 'x'.repeat(3000)
      for (const lease of leases) {
        const rows = Array.from({ length: 3000 }, (_, i) =>
          row(`series ${i}`, i, `${lease.partition}${content}`),
        )
        await lease.checkpoint({ meta: META, rows })
      }
      const [lease] = leases
      assert.ok(lease)
      const seen = new Set<string>()
      let largest = 0
      for await (const chunk of lease.states.load()) {
        largest = Math.max(largest, chunk.length)
        for (const { series, bytes: stored } of chunk) {
          assert.ok(!seen.has(series))
          assert.equal(stored[0], bytes('0')[0])
          seen.add(series)
        }
      }
      assert.equal(seen.size, 3000)
      assert.ok(largest <= 1024)
    },
    { mapSizeBytes: 256 * 2 ** 20 },
  )
})
