import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { loadNative } from '../../src/adapters/tensorflow/native.js'
import { DaemonSuccession } from '../support/daemon-succession.js'
import { Feeder } from '../support/feeder.js'
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
import { unlessAvailable } from '../support/requirement.js'
import { long } from '../support/run-options.js'
import { signalStorm } from '../support/signal-storm.js'

const ROWS = long ? Infinity : 60_000
const HISTORY = 20_000
const SIGNALS = 100_000

const skip = unlessAvailable(loadNative().kind === 'loaded', 'the native module that blocks signals')

// That the same storm kills TensorFlow without the mask is shown in test/integration/signals.test.ts.
test(
  'daemon and trainer survive 100,000 mixed signals each at full load, and every forecast is published exactly once',
  { skip },
  async (t) => {
    const rows = household(ROWS)
    // A training that outlasts the storm, on a network as large as the real ones: small products take other kernels.
    const settings = houseSettings({
      model: { hidden: 64 },
      training: { enabled: true, minObservations: 300, updates: 100_000 },
    })
    const config = houseConfig(settings)
    const origins = originsOf(rows)
    await withDataDirectory(async (dataDir) => {
      const daemons = new DaemonSuccession(dataDir, daemonConfig(settings))
      const feeder = new Feeder(daemons, config.topic, rows)
      try {
        await feeder.feed(HISTORY)
        const daemon = await daemons.current
        const updating = (status: { training: string }): boolean => status.training.startsWith('update')
        const before = await daemon.until(HOUSE, updating)
        const trainer = daemon.trainer()!
        const over = new AbortController()
        const both = [daemon.pid, trainer]
        const storms = both.map((pid) => signalStorm(pid, { signals: Infinity, until: over.signal }))
        await feeder.feed()
        await daemon.untilForecast(HOUSE, lastOrigins(origins))
        over.abort()
        const during = await Promise.all(storms)
        // A machine on which records are faster than signals owes the rest.
        const owed = both.map((pid, i) => signalStorm(pid, { signals: SIGNALS - during[i]! }))
        const sent = (await Promise.all(owed)).map((more, i) => during[i]! + more)
        t.diagnostic(`${sent.join(' and ')} signals, of which ${during.join(' and ')} with records`)
        const after = await daemon.until(
          HOUSE,
          (status) => updating(status) && status.training !== before.training,
        )
        assert.ok(Math.min(...sent) >= SIGNALS, `${sent.join(' and ')} signals, then the process was gone`)
        assert.equal(daemon.trainer(), trainer, after.training)
        await daemons.stop()
        assert.ok(!existsSync(`/proc/${trainer}`), 'the trainer ends with its daemon')
      } finally {
        await daemons.end()
      }
      assertExactlyOnce((await leftoversOf(dataDir, config)).outputs, origins)
    })
  },
)
