import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { test } from 'node:test'
import fc from '../support/properties.js'
import { openEmbeddedBroker, type EmbeddedBroker } from '../../src/adapters/embedded/embedded-broker.js'
import type { PipelineConfig } from '../../src/config/types.js'
import { REJECT_REASONS, type RejectReason } from '../../src/core/decode.js'
import { F64, StateLayout } from '../../src/core/layout.js'
import { systemClock } from '../../src/ports/clock.js'
import { publishedIn } from '../support/outputs.js'
import { pinNetwork } from '../support/pinned-network.js'
import { startPipeline, type Account } from '../support/pipeline-at-work.js'
import { pipelineConfig } from '../support/pipeline-config.js'
import { long, seeded } from '../support/run-options.js'
import { storedStates } from '../support/stored-states.js'
import { wildRecords, type WildRecord } from '../support/wild-records.js'

const RECORDS = 500
const RUNS = long ? 80 : 14

/** The widest limits that can be configured: all that a Float32 must bear. */
const limits = { minValue: -1e30, maxValue: 1e30 }
const settings = { limits, horizon: 6, model: { hidden: 8, warmUp: 4 }, training: { enabled: false } }
/** One for each way onto the grid. Seven minutes do not divide the greatest date. */
const configs = {
  'the clock grid': pipelineConfig('p', {
    ...settings,
    interval: '1m',
    season: [6, 12],
    gaps: { maxSteps: 5 },
  }),
  'the observation grid': pipelineConfig('p', { ...settings, interval: 'observations', season: 'none' }),
  'aggregated intervals': pipelineConfig('p', {
    ...settings,
    interval: '7m',
    season: [6, 12],
    aggregate: 'sum',
    allowedLateness: '14m',
  }),
}

for (const [grid, config] of Object.entries(configs)) {
  test(`whatever stands in the topic: no crash, every record accounted for, nothing but numbers in states and forecasts (${grid})`, async (t) => {
    const { seed } = seeded(t)
    await fc.assert(
      fc.asyncProperty(wildRecords(RECORDS), (records) => check(config, records)),
      // Shrinking hundreds of records takes longer than looking at the one that the message names.
      { seed, numRuns: RUNS, endOnFailure: true },
    )
  })
}

async function check(config: PipelineConfig, records: readonly WildRecord[]): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'tidecast-'))
  const broker = await openEmbeddedBroker({
    dir,
    mapSizeBytes: 2 ** 30,
    clock: systemClock,
    pid: process.pid,
  })
  try {
    await pinNetwork(broker.models, config, ['a', 'b', 'c'])
    const { pipeline, account } = await startPipeline(config, broker)
    try {
      await broker.append(records.map((record) => ({ ...record, topic: config.topic, partition: 0 })))
      await account.settled(records.length)
    } finally {
      await pipeline.stop()
    }
    await checkAccount(broker, config, records, account)
    await checkForecasts(broker, config, account)
    await checkStates(broker, config)
  } finally {
    await broker.close()
    await rm(dir, { recursive: true })
  }
}

/** Accepted, a tombstone, or in the dead-letter topic: as it was, once, with the reason. */
async function checkAccount(
  broker: EmbeddedBroker,
  config: PipelineConfig,
  records: readonly WildRecord[],
  account: Account,
): Promise<void> {
  const reasons = new Map<RejectReason, number>()
  const offsets = new Set<number>()
  for await (const letters of broker.read(config.deadLetter, 0, {})) {
    for (const { key, value, headers = {} } of letters) {
      const header = (name: string): string => Buffer.from(headers[name] ?? []).toString()
      const reason = header('tidecast-reason') as RejectReason
      assert.ok(REJECT_REASONS.includes(reason), reason)
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
      const offset = Number(header('tidecast-offset'))
      offsets.add(offset)
      const original = records[offset]!
      assert.deepEqual([bytes(key), bytes(value)], [bytes(original.key), bytes(original.value)])
      assert.equal(header('other'), Buffer.from(original.headers['other'] ?? []).toString())
    }
  }
  assert.deepEqual(Object.fromEntries(reasons), Object.fromEntries(account.rejected))
  assert.equal(offsets.size + account.accepted + account.tombstones, records.length)
}

async function checkForecasts(
  broker: EmbeddedBroker,
  config: PipelineConfig,
  account: Account,
): Promise<void> {
  let forecasts = 0
  for await (const { series, origin, quantiles } of publishedIn(broker, config)) {
    forecasts++
    assert.ok(Number.isSafeInteger(origin), `${series}: origin ${origin}`)
    const levels = config.quantiles.map((level) => quantiles[String(level)]!)
    for (let h = 0; h < config.horizon; h++) {
      const step = levels.map((level) => level[h]!)
      assert.ok(step.every(Number.isFinite), `${series}: ${step.join(' ')}`)
      assert.deepEqual(
        step,
        step.toSorted((a, b) => a - b),
        `${series}: quantiles cross`,
      )
    }
  }
  assert.equal(forecasts, account.forecasts)
}

/** NaN only where it says "none": before the first step, without an open interval, where no forecast waits to be scored. */
async function checkStates(broker: EmbeddedBroker, config: PipelineConfig): Promise<void> {
  const layout = new StateLayout(config)
  const { states, metas } = await storedStates(broker, config)
  for (const [series, { hidden, wide, narrow }] of states) {
    assert.ok(hidden.every(Number.isFinite), `${series}: hidden state ${hidden.join(' ')}`)
    for (const [name, place] of Object.entries(F64)) {
      const value = wide[place]!
      const none = ['index', 'due', 'openIndex', 'anomaly'].includes(name)
        ? NaN
        : name === 'openTs'
          ? -Infinity
          : 0
      assert.ok(Number.isFinite(value) || Object.is(value, none), `${series}: ${name} is ${value}`)
    }
    const open = layout.open[0]!
    narrow.subarray(0, open).forEach((value, place) => {
      const unscored = place === layout.anomaly && Number.isNaN(value)
      assert.ok(
        Number.isFinite(value) || unscored,
        `${series}: place ${place} of the Float32 part is ${value}`,
      )
    })
    assert.ok(
      narrow.subarray(open).every((value) => Math.abs(value) !== Infinity),
      `${series}: open forecasts`,
    )
  }
  for (const meta of metas) {
    const { pooled } = JSON.parse(Buffer.from(meta).toString()) as {
      pooled: { values: unknown[]; counts: unknown[] }
    }
    assert.ok([...pooled.values, ...pooled.counts].every(Number.isFinite), 'pooled residuals')
  }
}

function bytes(data: Uint8Array | null): string | null {
  return data && Buffer.from(data).toString('hex')
}
