import assert from 'node:assert/strict'
import { test } from 'node:test'
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
  type Leftovers,
} from '../support/house.js'
import { household, lastOrigins, originsOf } from '../support/household.js'
import { assertExactlyOnce } from '../support/outputs.js'
import { pinNetwork } from '../support/pinned-network.js'
import { assertSameForecast, assertSameStates } from '../support/same-outcome.js'

const rows = household(7_000)
const origins = originsOf(rows)

for (const model of [
  { cell: 'lstm', layers: 2, hidden: 16 },
  { cell: 'rnn', activation: 'relu', layers: 1, hidden: 16 },
  { cell: 'gru', layers: 2, residual: true, hidden: 8, decoder: 'autoregressive', samples: 20 },
]) {
  const name = model.decoder === undefined ? model.cell : `${model.cell} with a decoder`
  test(`${name}: a daemon forecasts with it, and after kill -9 goes on from the whole of its state`, async () => {
    const uninterrupted = await run({ model }, false)
    // The same forecasts, in a record for each step.
    const interrupted = await run({ model, publish: { format: 'long' } }, true)
    for (const { models } of interrupted.outputs.values()) {
      assert.deepEqual([...models], ['baseline@1', `${model.cell}@1`])
    }
    for (const [series, { last }] of interrupted.outputs) {
      assertSameForecast(
        last,
        uninterrupted.outputs.get(series)!.last,
        uninterrupted.states.get(series)!.scale,
      )
    }
    assertSameStates(interrupted.states, uninterrupted.states)
  })
}

async function run(more: Readonly<Record<string, unknown>>, killed: boolean): Promise<Leftovers> {
  const settings = houseSettings(more)
  const config = houseConfig(settings)
  let leftovers: Leftovers | undefined
  await withDataDirectory(async (dataDir) => {
    await withLogOf(dataDir, ({ models }) => pinNetwork(models, config, [...origins.keys()]))
    const daemons = new DaemonSuccession(dataDir, daemonConfig(settings))
    const feeder = new Feeder(daemons, config.topic, rows)
    try {
      if (killed) {
        const daemon = await daemons.current
        const feeding = feeder.feed(rows.length / 2)
        await daemon.until(HOUSE, (status) => status.records >= rows.length / 4)
        await daemons.kill()
        await feeding
      }
      await feeder.feed()
      await (await daemons.current).untilForecast(HOUSE, lastOrigins(origins))
      await daemons.stop()
    } finally {
      await daemons.end()
    }
    leftovers = await leftoversOf(dataDir, config)
  })
  assertExactlyOnce(leftovers!.outputs, origins)
  return leftovers!
}
