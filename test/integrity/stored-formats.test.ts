import assert from 'node:assert/strict'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import type { EmbeddedBroker } from '../../src/adapters/embedded/embedded-broker.js'
import type { PipelineConfig } from '../../src/config/types.js'
import { readAll } from '../contract/broker-helpers.js'
import { withDataDirectory, withLogOf } from '../support/house.js'
import { startPipeline } from '../support/pipeline-at-work.js'
import {
  logIn,
  STORED_HOURS,
  STORED_PIPELINES,
  STORED_SERIES,
  storedHour,
  storedRecords,
  storedValue,
} from '../support/stored-data.js'
import { joinAll } from '../support/stored-states.js'

/** Format of what a partition keeps beside its rows, as this version writes it. */
const PARTITION_FORMAT = 5
const [METERS] = STORED_PIPELINES as [PipelineConfig, PipelineConfig]

/** Runs `use` on the data that a version of Tidecast has left. */
function withDataOf(version: string, use: (broker: EmbeddedBroker) => Promise<void>): Promise<void> {
  return withDataDirectory(async (dataDir) => {
    const file = new URL(`../../../test/data/stored-${version}.mdb.gz`, import.meta.url)
    await mkdir(logIn(dataDir))
    await writeFile(join(logIn(dataDir), 'data.mdb'), gunzipSync(await readFile(file)))
    await withLogOf(dataDir, use)
  })
}

/** Takes one more observation of each series, and stops. */
async function goOn(broker: EmbeddedBroker, config: PipelineConfig) {
  const { pipeline, account } = await startPipeline(config, broker)
  try {
    await broker.append(storedRecords(config, STORED_HOURS, STORED_HOURS + 1))
    await account.settled(STORED_SERIES.length)
    const states = await Promise.all(STORED_SERIES.map((series) => pipeline.series.state(series)))
    return { model: pipeline.status().model, restored: account.restorations, states }
  } finally {
    await pipeline.stop()
  }
}

/** By series, the origins of all forecasts that were ever published. */
async function originsIn(
  broker: EmbeddedBroker,
  { output }: PipelineConfig,
): Promise<Record<string, number[]>> {
  const origins: Record<string, number[]> = {}
  for (const { value } of await readAll(broker, output)) {
    const { series, origin } = JSON.parse(Buffer.from(value!).toString()) as {
      series: string
      origin: string
    }
    ;(origins[series] ??= []).push(Date.parse(origin))
  }
  return origins
}

const EVERY_HOUR = Object.fromEntries(
  STORED_SERIES.map((series) => [series, Array.from({ length: STORED_HOURS + 1 }, (_, i) => storedHour(i))]),
)

async function changeFormat(broker: EmbeddedBroker, format: number): Promise<Uint8Array> {
  const { leases, consumption } = await joinAll(broker, METERS)
  const stored = JSON.parse(Buffer.from((await leases[0]!.states.meta())!).toString()) as object
  const meta = Buffer.from(JSON.stringify({ ...stored, format }))
  await leases[0]!.checkpoint({ meta, rows: [] })
  await consumption.close()
  return meta
}

test('log, states and networks that version 0.1 has stored are read, and the streams go on from them', async () => {
  await withDataOf('0.1', async (broker) => {
    for (const config of STORED_PIPELINES) {
      const { model, restored, states } = await goOn(broker, config)
      assert.equal(model, config === METERS ? 'gru@1' : 'baseline@1')
      assert.deepEqual(restored, [{ series: STORED_SERIES.length, replayed: 0 }], 'from the stored states')
      for (const [i, state] of states.entries()) {
        assert.equal(state?.observations, STORED_HOURS + 1)
        assert.equal(state.lastValue, storedValue(config, STORED_SERIES[i]!, STORED_HOURS))
      }
      assert.deepEqual(await originsIn(broker, config), EVERY_HOUR)
    }
  })
})

test('states of an older format are rebuilt from the topic, and no forecast is lost or doubled', async () => {
  await withDataOf('0.1', async (broker) => {
    await changeFormat(broker, PARTITION_FORMAT - 1)
    const { model, restored, states } = await goOn(broker, METERS)
    assert.equal(model, 'gru@1')
    assert.deepEqual(restored, [{ series: 0, replayed: STORED_HOURS * STORED_SERIES.length }])
    for (const state of states) assert.equal(state?.observations, STORED_HOURS + 1)
    assert.deepEqual(await originsIn(broker, METERS), EVERY_HOUR)
  })
})

test('states of a newer format are refused in words, left as they are, and left to whoever can read them', async () => {
  await withDataOf('0.1', async (broker) => {
    const newer = await changeFormat(broker, PARTITION_FORMAT + 1)
    const { pipeline, account } = await startPipeline(METERS, broker)
    try {
      await broker.append(storedRecords(METERS, STORED_HOURS, STORED_HOURS + 1))
      const why = /format 6, written by a newer Tidecast; this one knows formats up to 5.* upgrade Tidecast/
      await assert.rejects(account.settled(1), { code: 'newer-format', message: why })
      assert.match(pipeline.trouble ?? '', why)
      assert.notEqual(pipeline.status().phase, 'running')
      // It has been given back: whoever can read it has it now.
      const { leases, consumption } = await joinAll(broker, METERS)
      assert.deepEqual(Buffer.from((await leases[0]!.states.meta())!), newer)
      assert.equal(leases[0]!.committed, STORED_HOURS * STORED_SERIES.length)
      assert.match(pipeline.trouble ?? '', why, 'until it is replaced')
      await consumption.close()
    } finally {
      await pipeline.stop()
    }
  })
})
