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
import { household, lastOrigins, originsOf } from '../support/household.js'
import { assertExactlyOnce } from '../support/outputs.js'
import { long, seeded } from '../support/run-options.js'

const KILLS = long ? 6 : 2
const HISTORY = 20_000
const SEGMENT = 10_000
const LATEST_KILL_MS = 1000

const SETTINGS = houseSettings({
  training: { enabled: true, minObservations: 300, updates: 100, retryGrowth: 0.05 },
})

test('with kill -9 of daemon and trainer during trainings, and a network that takes over, every forecast is published exactly once', async (t) => {
  const { random } = seeded(t)
  const rows = household(HISTORY + (KILLS + 2) * SEGMENT)
  const config = houseConfig(SETTINGS)
  const origins = originsOf(rows)
  await withDataDirectory(async (dataDir) => {
    const daemons = new DaemonSuccession(dataDir, daemonConfig(SETTINGS))
    const feeder = new Feeder(daemons, config.topic, rows)
    const training = async (): Promise<number> => {
      const daemon = await daemons.current
      await daemon.until(HOUSE, (status) => status.training.startsWith('update'))
      return daemon.trainer()!
    }
    try {
      await feeder.feed(HISTORY)
      for (let kill = 1; kill <= KILLS; kill++) {
        await training()
        const feeding = feeder.feed(HISTORY + kill * SEGMENT)
        await pause(random.uniform() * LATEST_KILL_MS)
        await daemons.kill()
        await feeding
      }
      const daemon = await daemons.current
      process.kill(await training(), 'SIGKILL')
      await daemon.until(HOUSE, (status) => status.training === 'failed: crashed')
      await feeder.feed(rows.length - SEGMENT)
      await training()
      // Observations come all the while, so that a network takes over between two batches.
      let outcome = ''
      while (!/^trained|^refused/.test(outcome) && feeder.fed < rows.length) {
        await feeder.feed(feeder.fed + 7)
        outcome = (await daemon.status(HOUSE)).training
        await pause(20)
      }
      assert.match(outcome, /^trained/)
      await feeder.feed()
      await daemon.untilForecast(HOUSE, lastOrigins(origins))
      await daemons.stop()
    } finally {
      await daemons.end()
    }
    const { outputs } = await leftoversOf(dataDir, config)
    assertExactlyOnce(outputs, origins)
    for (const { models } of outputs.values()) assert.deepEqual([...models], ['baseline@1', 'gru@1'])
  })
})

test('a trainer does not outlive a daemon that was killed', async () => {
  const endless = houseSettings({ training: { enabled: true, minObservations: 300, updates: 100_000 } })
  await withDataDirectory(async (dataDir) => {
    const daemon = await DaemonProcess.start(dataDir, daemonConfig(endless))
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
