import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PartitionAtWork } from '../support/partition-at-work.js'
import { pipelineConfig } from '../support/pipeline-config.js'
import { loadRandomNetwork } from '../support/shared-engine.js'

const HOUR = 3_600_000
const SERIES = Array.from({ length: 1200 }, (_, i) => `s${i}`)
const MOST = 8192
/** Of a series, beside its state and its newest forecast: versions, offsets, times. */
const BOOKKEEPING = 256

/** Bytes of all arrays of numbers that can be reached from an object, each buffer once. */
function arrayBytes(root: object): number {
  const seen = new Set<object>()
  const waiting: unknown[] = [root]
  let bytes = 0
  while (waiting.length > 0) {
    const value = waiting.pop()
    if (typeof value !== 'object' || value === null || seen.has(value)) continue
    seen.add(value)
    if (ArrayBuffer.isView(value)) waiting.push(value.buffer)
    else if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) bytes += value.byteLength
    else if (value instanceof Map) waiting.push(...(value as Map<unknown, unknown>).values())
    else waiting.push(...(Object.values(value) as unknown[]))
  }
  return bytes
}

test('the state of a series takes no more than 8 KiB, in memory and in the store, at a horizon of 168 and seasons of a day and a week; in memory its newest forecast comes besides', async (t) => {
  const config = pipelineConfig('p', { topic: 't', interval: '1h', season: [24, 168], horizon: 168 })
  const work = await PartitionAtWork.open(config, await loadRandomNetwork(config, SERIES))
  try {
    await work.append(
      [0, 1, 2].flatMap((hour) =>
        SERIES.map((series, s) => ({ series, ts: hour * HOUR, value: s + 10 * Math.sin(hour) })),
      ),
    )
    await work.consume()
    const { states } = work
    assert.equal(states.slots.size, SERIES.length)
    // Tables grow by steps: what is allocated beyond the series is not theirs.
    const capacity = states.table.f32.length / states.layout.width
    const resident = arrayBytes(states.table) + states.hidden.byteLength
    const all = arrayBytes(states)
    t.diagnostic(`in memory ${resident / capacity} bytes, with its newest forecast ${all / capacity}`)
    assert.ok(resident / capacity <= MOST, `${resident / capacity}`)
    const forecast = 4 * config.horizon * config.quantiles.length
    assert.ok(all / capacity <= MOST + forecast + BOOKKEEPING, `${all / capacity}`)
    await work.restart()
    const row = await work.stored('s7')
    t.diagnostic(`in the store ${row!.bytes.byteLength} bytes`)
    assert.ok(row!.bytes.byteLength <= MOST)
    assert.equal(row!.bytes.byteLength, states.bytesPerSeries)
  } finally {
    await work.close()
  }
})
