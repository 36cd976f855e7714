import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { DaemonSuccession } from '../support/daemon-succession.js'
import { Feeder } from '../support/feeder.js'
import {
  daemonConfig,
  HOUSE,
  houseConfig,
  houseSettings,
  leftoversOf,
  withDataDirectory,
  withLogOf,
} from '../support/house.js'
import { household, lastOrigins, originsOf } from '../support/household.js'
import { assertExactlyOnce } from '../support/outputs.js'
import { pinNetwork, randomNetwork } from '../support/pinned-network.js'
import { long } from '../support/run-options.js'

const ROWS = long ? 200_000 : 20_000
/** Longer than a probe of liveness waits, in the long form also than all that the process times out by. */
const STOPPED_MS = long ? 60_000 : 1000
const PROBE_MS = 2000
const STOPS = long ? 10 : 2
/** Due from the first moment, but for what is remembered of the training before. */
const SETTINGS = houseSettings({ training: { enabled: true, minObservations: 1 } })

test('SIGTERM under load exits 0, and after the restart forecasts go on, none lost, none doubled', async () => {
  const rows = household(ROWS)
  const config = houseConfig()
  const origins = originsOf(rows)
  await withDataDirectory(async (dataDir) => {
    await withLogOf(dataDir, ({ models }) => pinNetwork(models, config, [...origins.keys()]))
    const daemons = new DaemonSuccession(dataDir, daemonConfig(houseSettings()))
    const feeder = new Feeder(daemons, config.topic, rows)
    try {
      for (let stop = 1; stop <= STOPS; stop++) {
        const daemon = await daemons.current
        const feeding = feeder.feed(Math.floor((rows.length * stop) / (STOPS + 1)))
        await daemon.until(HOUSE, (status) => status.records > 0)
        await daemons.restart() // asserts that it exits 0
        await feeding
      }
      await feeder.feed()
      await (await daemons.current).untilForecast(HOUSE, lastOrigins(origins))
      await daemons.stop()
    } finally {
      await daemons.end()
    }
    assertExactlyOnce((await leftoversOf(dataDir, config)).outputs, origins)
  })
})

test('SIGSTOP under load is noticed from outside, and after SIGCONT forecasts go on by themselves, none lost, none doubled', async () => {
  const rows = household(ROWS)
  const config = houseConfig()
  const origins = originsOf(rows)
  await withDataDirectory(async (dataDir) => {
    const daemons = new DaemonSuccession(dataDir, daemonConfig(houseSettings()))
    const feeder = new Feeder(daemons, config.topic, rows)
    try {
      const daemon = await daemons.current
      const url = await daemon.listening
      const feeding = feeder.feed()
      await daemon.until(HOUSE, (status) => status.records > 0)
      daemon.signal('SIGSTOP')
      await assert.rejects(fetch(`${url}/healthz`, { signal: AbortSignal.timeout(PROBE_MS) }), /Timeout/i)
      await pause(STOPPED_MS)
      daemon.signal('SIGCONT')
      await feeding
      await daemon.untilForecast(HOUSE, lastOrigins(origins))
      for (const path of ['/healthz', '/readyz']) assert.equal((await fetch(url + path)).status, 200, path)
      assert.equal(feeder.repeated, 0)
      await daemons.stop()
    } finally {
      await daemons.end()
    }
    assertExactlyOnce((await leftoversOf(dataDir, config)).outputs, origins)
  })
})

for (const outcome of ['promoted', 'refused'] as const) {
  test(`a restart remembers that a network was ${outcome}, and trains no other from the same data`, async () => {
    const rows = household(7_000)
    const config = houseConfig(SETTINGS)
    const origins = originsOf(rows)
    await withDataDirectory(async (dataDir) => {
      await withLogOf(dataDir, async ({ models }) => {
        const series = [...origins.keys()]
        if (outcome === 'promoted') await pinNetwork(models, config, series)
        else await models.put(randomNetwork(config, series, { observations: rows.length }))
      })
      const daemons = new DaemonSuccession(dataDir, daemonConfig(SETTINGS))
      try {
        await new Feeder(daemons, config.topic, rows).feed()
        await (await daemons.current).untilForecast(HOUSE, lastOrigins(origins))
        const daemon = await daemons.restart()
        // A first training would now wait for the data to come to rest, and then begin.
        const decided = outcome === 'promoted' ? 'off' : 'waits for 1750 more observations'
        const { model, training } = await daemon.until(
          HOUSE,
          (status) => status.phase === 'running' && (outcome === 'promoted' || status.training !== 'off'),
        )
        assert.equal(model, outcome === 'promoted' ? 'gru@1' : 'baseline@1')
        assert.equal(training, decided)
      } finally {
        await daemons.end()
      }
    })
  })
}
