import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { Feeder } from '../support/feeder.js'
import { DaemonSuccession } from '../support/daemon-succession.js'
import { household, lastOrigins, originsOf, type Row } from '../support/household.js'
import {
  daemonConfig,
  HOUSE,
  houseConfig,
  houseSettings,
  leftoversOf,
  withDataDirectory,
  withLogOf,
  type Leftovers,
} from '../support/house.js'
import { assertExactlyOnce } from '../support/outputs.js'
import { pinNetwork } from '../support/pinned-network.js'
import { long, seeded } from '../support/run-options.js'
import { assertSameForecast, assertSameStates } from '../support/same-outcome.js'

const ROWS = long ? Infinity : 60_000
const KILLS = long ? 10 : 4
/** By then a daemon is at work. */
const LONGEST_START_MS = 1500
/** Until then rows are still on their way into the log. */
const SHORTEST_INGESTION_MS = 200

test('after kill -9 at random moments every forecast is published exactly once, and the states are those of an uninterrupted run', async (t) => {
  const { random } = seeded(t)
  const rows = household(ROWS)
  const uninterrupted = await finalState(rows, async (_, feeder) => feeder.feed())
  const interrupted = await finalState(rows, async (daemons, feeder) => {
    const share = rows.length / (KILLS + 1)
    for (let kill = 1; kill <= KILLS; kill++) {
      const daemon = await daemons.current
      await daemon.listening
      const feeding = feeder.feed(Math.floor(kill * share))
      if (kill % 2 === 0) {
        // Into the forecasting; and its successor is killed while it is loading, restoring, or just at work.
        const records = random.uniform() * share
        await daemon.until(HOUSE, (status) => status.records >= records)
        const next = await daemons.kill()
        await pause(random.uniform() * LONGEST_START_MS)
        assert.ok(next.alive, next.stderr)
      } else await pause(random.uniform() * SHORTEST_INGESTION_MS)
      await daemons.kill()
      await feeding
    }
    await feeder.feed()
    t.diagnostic(`${feeder.repeated} batches were sent again`)
  })
  for (const [series, { last }] of interrupted.outputs) {
    assertSameForecast(last, uninterrupted.outputs.get(series)!.last, uninterrupted.states.get(series)!.scale)
  }
  assertSameStates(interrupted.states, uninterrupted.states)
})

/** Runs daemons under a pinned network until all rows are forecast, and checks what must hold however they ended. */
async function finalState(
  rows: readonly Row[],
  work: (daemons: DaemonSuccession, feeder: Feeder) => Promise<void>,
): Promise<Leftovers> {
  const config = houseConfig()
  const origins = originsOf(rows)
  let leftovers: Leftovers | undefined
  await withDataDirectory(async (dataDir) => {
    await withLogOf(dataDir, ({ models }) => pinNetwork(models, config, [...origins.keys()]))
    const daemons = new DaemonSuccession(dataDir, daemonConfig(houseSettings()))
    try {
      await work(daemons, new Feeder(daemons, config.topic, rows))
      await (await daemons.current).untilForecast(HOUSE, lastOrigins(origins))
      await daemons.stop()
    } finally {
      await daemons.end()
    }
    leftovers = await leftoversOf(dataDir, config)
  })
  const { outputs, rejected, consumed } = leftovers!
  assertExactlyOnce(outputs, origins)
  for (const { models } of outputs.values()) assert.deepEqual([...models], ['baseline@1', 'gru@1'])
  // What was sent twice has been rejected, and nothing else has.
  const { late = 0, duplicate = 0, ...others } = Object.fromEntries(rejected)
  assert.deepEqual(others, {})
  assert.equal(late + duplicate, consumed - rows.length)
  return leftovers!
}
