import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import process from 'node:process'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { DaemonProcess } from '../support/daemon-process.js'
import { DaemonSuccession } from '../support/daemon-succession.js'
import { Feeder, linesOf } from '../support/feeder.js'
import {
  daemonConfig,
  HOUSE,
  houseConfig,
  houseSettings,
  leftoversOf,
  withDataDirectory,
} from '../support/house.js'
import { household, lastOrigins, originsOf, type Row } from '../support/household.js'
import { assertExactlyOnce } from '../support/outputs.js'
import { long, seeded } from '../support/run-options.js'

const KILLS = long ? 6 : 2
const HISTORY = 20_000
const SEGMENT = 10_000
const LATEST_KILL_MS = 1000

const withUpdates = (updates: number): Readonly<Record<string, unknown>> =>
  houseSettings({ training: { enabled: true, minObservations: 300, updates, retryGrowth: 0.05 } })
/** A training that will not end by itself while it is being killed. */
const ENDLESS = withUpdates(100_000)
const SHORT = withUpdates(100)

test('with kill -9 of daemon and trainer during trainings, every forecast is published exactly once', async (t) => {
  const { random } = seeded(t)
  const rows = household(HISTORY + (KILLS + 1) * SEGMENT)
  await withDataDirectory(async (dataDir) => {
    await serve(dataDir, ENDLESS, rows, async (daemons, feeder) => {
      await feeder.feed(HISTORY)
      for (let kill = 1; kill <= KILLS; kill++) {
        await trainingIn(daemons)
        const feeding = feeder.feed(HISTORY + kill * SEGMENT)
        await pause(random.uniform() * LATEST_KILL_MS)
        await daemons.kill()
        await feeding
      }
      const daemon = await trainingIn(daemons)
      process.kill(daemon.trainer()!, 'SIGKILL')
      await daemon.until(HOUSE, (status) => status.training === 'failed: crashed')
      await feeder.feed()
    })
    const { outputs } = await leftoversOf(dataDir, houseConfig(ENDLESS))
    assertExactlyOnce(outputs, originsOf(rows))
  })
})

test('while a network takes over, every forecast is published exactly once', async (t) => {
  const rows = household(60_000)
  await withDataDirectory(async (dataDir) => {
    await serve(dataDir, SHORT, rows, async (daemons, feeder) => {
      await feeder.feed(50_000)
      const daemon = await trainingIn(daemons)
      // Observations come all the while, so that it takes over between two batches.
      let outcome = ''
      while (!/^trained|^refused|^failed/.test(outcome) && feeder.fed < rows.length) {
        await feeder.feed(feeder.fed + 7)
        outcome = (await daemon.status(HOUSE)).training
        await pause(20)
      }
      t.diagnostic(outcome)
      assert.match(outcome, /^trained/)
      await feeder.feed()
    })
    const { outputs } = await leftoversOf(dataDir, houseConfig(SHORT))
    assertExactlyOnce(outputs, originsOf(rows))
    for (const { models } of outputs.values()) assert.deepEqual([...models], ['baseline@1', 'gru@1'])
  })
})

/** Runs daemons until all rows are forecast, and stops the last of them. */
async function serve(
  dataDir: string,
  settings: Readonly<Record<string, unknown>>,
  rows: readonly Row[],
  work: (daemons: DaemonSuccession, feeder: Feeder) => Promise<void>,
): Promise<void> {
  const daemons = new DaemonSuccession(dataDir, daemonConfig(settings))
  try {
    await work(daemons, new Feeder(daemons, HOUSE, rows))
    await (await daemons.current).untilForecast(HOUSE, lastOrigins(originsOf(rows)))
    await daemons.stop()
  } finally {
    await daemons.end()
  }
}

async function trainingIn(daemons: DaemonSuccession): Promise<DaemonProcess> {
  const daemon = await daemons.current
  await daemon.until(HOUSE, (status) => status.training.startsWith('update'))
  return daemon
}

test('a trainer does not outlive a daemon that was killed', async () => {
  await withDataDirectory(async (dataDir) => {
    const daemon = await DaemonProcess.start(dataDir, daemonConfig(ENDLESS))
    let trainer: number | undefined
    try {
      assert.ok(await daemon.ingest(HOUSE, linesOf(household(5000))))
      await daemon.until(HOUSE, (status) => status.training.startsWith('update'))
      trainer = daemon.trainer()!
      await daemon.kill()
      const deadline = Date.now() + 20_000
      while (existsSync(`/proc/${trainer}`)) {
        assert.ok(Date.now() < deadline, `process ${trainer} goes on`)
        await pause(50)
      }
    } finally {
      await daemon.kill()
      if (trainer !== undefined && existsSync(`/proc/${trainer}`)) process.kill(trainer, 'SIGKILL')
    }
  })
})
