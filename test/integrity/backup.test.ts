import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { registerBackup } from '../../src/cli/backup.js'
import { registerRestore } from '../../src/cli/restore.js'
import type { Manifest } from '../../src/cli/backup/manifest.js'
import { runCommand } from '../cli/replay/harness.js'
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
import { pinNetwork } from '../support/pinned-network.js'
import { long } from '../support/run-options.js'
import { assertSameStates } from '../support/same-outcome.js'

const ROWS = long ? 200_000 : 40_000
/** States are stored soon after the first of them has changed, long before the last record. */
const SETTINGS = houseSettings({ state: { snapshotEvery: '100ms' } })

test('a backup made under load is of one moment: restored, the stream goes on from there, each forecast once', async () => {
  const rows = household(ROWS)
  const config = houseConfig(SETTINGS)
  const origins = originsOf(rows)
  await withDataDirectory((dataDir) =>
    withDataDirectory(async (elsewhere) => {
      await withLogOf(dataDir, ({ models }) => pinNetwork(models, config, [...origins.keys()]))
      const folder = join(elsewhere, 'backup')
      const command = async (register: typeof registerBackup, name: string, dir: string): Promise<string> => {
        const argv = [
          name,
          folder,
          '--json',
          '-c',
          join(dataDir, 'tidecast.json5'),
          '--set',
          `dataDir=${dir}`,
        ]
        const { code, out, error } = await runCommand(register, argv, { cwd: dataDir })
        assert.equal(code, 0, String(error))
        return out
      }
      const first = new DaemonSuccession(dataDir, daemonConfig(SETTINGS))
      const feeder = new Feeder(first, config.topic, rows)
      let backup: Manifest
      try {
        const feeding = feeder.feed()
        const daemon = await first.current
        await daemon.until(HOUSE, ({ records }) => records > ROWS / 8)
        while (!/^tidecast_snapshot_rows_total\{.*\} [1-9]/m.test(await daemon.text('/metrics')))
          await pause(20)
        backup = JSON.parse(await command(registerBackup, 'backup', dataDir)) as Manifest
        await feeding
        await (await first.current).untilForecast(HOUSE, lastOrigins(origins))
        await first.stop()
      } finally {
        await first.end()
      }
      const original = await leftoversOf(dataDir, config)
      assertExactlyOnce(original.outputs, origins)
      const [house] = backup.pipelines
      assert.deepEqual([house?.name, house?.champion], [HOUSE, 1])
      assert.ok(house!.series > 0 && house!.series <= origins.size, `${house!.series} series`)
      const consumed = house!.consumed.reduce((sum, offset) => sum + offset, 0)
      assert.ok(consumed > ROWS / 8 && consumed < ROWS, `made at ${consumed} of ${ROWS} records`)

      const restored = join(elsewhere, 'data')
      await command(registerRestore, 'restore', restored)
      const there = await leftoversOf(restored, config)
      assert.equal(there.consumed, consumed)
      const arrived = await withLogOf(restored, async (broker) =>
        ((await broker.describe(config.topic)) ?? []).reduce((sum, { end }) => sum + end, 0),
      )
      const second = new DaemonSuccession(restored, daemonConfig(SETTINGS))
      try {
        await new Feeder(second, config.topic, rows.slice(arrived)).feed()
        await (await second.current).untilForecast(HOUSE, lastOrigins(origins))
        await second.stop()
      } finally {
        await second.end()
      }
      const outcome = await leftoversOf(restored, config)
      assertExactlyOnce(outcome.outputs, origins)
      assertSameStates(outcome.states, original.states)
    }),
  )
})
