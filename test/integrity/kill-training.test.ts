import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import process from 'node:process'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { Random } from '../../src/model/random.js'
import type { LearningStatus } from '../../src/ports/control/learning.js'
import type { ModelsStatus } from '../../src/ports/control/models.js'
import { DaemonProcess } from '../support/daemon-process.js'
import { DaemonSuccession } from '../support/daemon-succession.js'
import { Feeder, linesOf } from '../support/feeder.js'
import {
  daemonConfig,
  HOUSE,
  houseConfig,
  houseSettings,
  leftoversOf,
  withLogOf,
  withDataDirectory,
} from '../support/house.js'
import { household, lastOrigins, originsOf, type Row } from '../support/household.js'
import { assertStatesMatch } from '../support/matching-states.js'
import { assertExactlyOnce } from '../support/outputs.js'
import { randomNetwork } from '../support/pinned-network.js'
import { long, seeded } from '../support/run-options.js'

/** What is under way when everything is killed: each as often. The short form has each once, in this order. */
const MOMENTS = ['take-over', 'training', 'roll-back', 'evaluation', 'trainer'] as const
type Moment = (typeof MOMENTS)[number]
const KILLS = long ? 50 : MOMENTS.length
const HISTORY = 10_000
const SEGMENT = 1500
/** So many copies of the seven meters, an hour of each: making their states anew takes some tenths of a second. */
const COPIES = 50
const COPIED_ROWS = 7 * 60
/** Random networks, which are in the store from the beginning. */
const VERSIONS = 3
const LATEST_KILL_MS: Readonly<Record<Moment, number>> = {
  'take-over': 600,
  training: 1500,
  'roll-back': 600,
  evaluation: 1500,
  trainer: 300,
}

const withUpdates = (updates: number): Readonly<Record<string, unknown>> =>
  houseSettings({ training: { enabled: true, minObservations: 300, updates, retryGrowth: 0.05, minNew: 60 } })
/** A training that will not end by itself while it is being killed. */
const ENDLESS = withUpdates(100_000)
const SHORT = withUpdates(100)
const MODELS = `/api/v1/pipelines/${HOUSE}/models`

test('with kill -9 in trainings, evaluations, take-overs and roll-backs, every forecast is published exactly once, and every state is that of the network it names', async (t) => {
  const { random } = seeded(t)
  const all = household(HISTORY + (KILLS + 1) * SEGMENT)
  const copies = Array.from({ length: COPIES }, (_, i) =>
    all.slice(0, COPIED_ROWS).map((row): Row => ({ ...row, series: `${row.series}-${i}` })),
  )
  const rows = [...copies.flat(), ...all]
  const config = houseConfig(SHORT)
  const seen = new Map<string, number>()
  await withDataDirectory(async (dataDir) => {
    await withLogOf(dataDir, async ({ models }) => {
      for (let seed = 1; seed <= VERSIONS; seed++) await models.put(randomNetwork(config, [], { seed }))
      await models.setChampion(HOUSE, 1)
    })
    const look = (): Promise<void> =>
      withLogOf(dataDir, async (broker) => {
        const counts = await assertStatesMatch(broker, config)
        const key = [...counts.keys()].sort((a, b) => a - b).join('+')
        seen.set(key, (seen.get(key) ?? 0) + 1)
      })
    const torment = async (daemons: DaemonSuccession, feeder: Feeder): Promise<void> => {
      const first = copies.flat().length + HISTORY
      await feeder.feed(first)
      for (let kill = 1; kill <= KILLS; kill++) {
        const moment = long ? MOMENTS[random.integer(MOMENTS.length)]! : MOMENTS[kill - 1]!
        const feeding = feeder.feed(first + kill * SEGMENT)
        const happened = await bringAbout(moment, await daemons.current, random)
        await pause(random.uniform() * LATEST_KILL_MS[moment])
        const trainer = (await daemons.current).trainer()
        if (moment === 'trainer' && trainer !== null) process.kill(trainer, 'SIGKILL')
        else await daemons.killAnd(look)
        t.diagnostic(`${moment}${happened ? '' : ' (not reached)'}`)
        await feeding
      }
      await feeder.feed()
    }
    await serve(dataDir, SHORT, rows, torment, all)
    const { outputs } = await leftoversOf(dataDir, config)
    assertExactlyOnce(outputs, originsOf(rows))
    await withLogOf(dataDir, async (broker) => {
      const champion = broker.models.champion(HOUSE) ?? 0
      const counts = await assertStatesMatch(broker, config)
      t.diagnostic(`champion ${champion}, states of ${JSON.stringify([...counts])}`)
    })
  })
  t.diagnostic(`versions of states after a kill: ${JSON.stringify([...seen])}`)
})

/** @returns whether what was to be interrupted has begun */
async function bringAbout(moment: Moment, daemon: DaemonProcess, random: Random): Promise<boolean> {
  await daemon.until(HOUSE, ({ phase }) => phase === 'running')
  const { champion } = await daemon.get<ModelsStatus>(MODELS)
  const other = 1 + ((champion ?? 0) % VERSIONS)
  if (moment === 'take-over' || moment === 'roll-back') {
    const to = moment === 'roll-back' && random.uniform() < 0.5 ? {} : { to: other }
    const path = moment === 'roll-back' ? `${MODELS}/rollback` : `${MODELS}/${other}/promote`
    void daemon.ask(path, moment === 'roll-back' ? to : {})
    return true
  }
  // One take-over runs to its end. A network that knows nothing newer than 1970 leaves something to be trained on.
  await daemon.ask(`${MODELS}/${other}/promote`)
  await daemon.ask(`/api/v1/pipelines/${HOUSE}/train`)
  const deadline = Date.now() + 60_000
  while (Date.now() < deadline) {
    const { text, progress } = await daemon.get<LearningStatus>(`/api/v1/pipelines/${HOUSE}/learning`)
    if (/^(failed|refused|trained|version)/.test(text)) return false
    if (progress !== null && (moment !== 'evaluation' || progress.update >= progress.updates)) return true
    await pause(20)
  }
  return false
}

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
  /** Those that come last. */
  last = rows,
): Promise<void> {
  const daemons = new DaemonSuccession(dataDir, daemonConfig(settings))
  try {
    await work(daemons, new Feeder(daemons, HOUSE, rows))
    await (await daemons.current).untilForecast(HOUSE, lastOrigins(originsOf(last)))
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
