import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import { test } from 'node:test'
import { DaemonSuccession } from '../support/daemon-succession.js'
import type { DaemonProcess } from '../support/daemon-process.js'
import { Feeder } from '../support/feeder.js'
import {
  HOUSE,
  houseConfig,
  houseSettings,
  leftoversOf,
  withDataDirectory,
  withLogOf,
} from '../support/house.js'
import { household, lastOrigins, originsOf, type Row } from '../support/household.js'
import { assertExactlyOnce } from '../support/outputs.js'
import type { ModelStore } from '../../src/ports/model-store.js'
import { pinNetwork, randomNetwork } from '../support/pinned-network.js'
import { pipelineConfig } from '../support/pipeline-config.js'
import { long, seeded } from '../support/run-options.js'

type Settings = Readonly<Record<string, unknown>>

/** Reads the same topic, and is to notice nothing. */
const NEIGHBOUR = 'neighbour'
const neighbour = { ...houseSettings(), topic: HOUSE }

function configOf(house: Settings | null, more: Settings = {}, others: Settings = {}): object {
  const pipelines = { ...(house === null ? {} : { [HOUSE]: house }), [NEIGHBOUR]: neighbour, ...others }
  return { log: { level: 'info', format: 'json' }, ...more, pipelines }
}

interface Change {
  readonly path: string
  readonly reload: string
}

async function reload(daemon: DaemonProcess, config: object | string) {
  await daemon.configure(config)
  const { status, body } = await daemon.post('/-/reload')
  const { changes = [], error } = body as { changes?: Change[]; error?: { code: string; problems?: unknown } }
  return { status, code: error?.code, changes: changes.map(({ path, reload }) => [path, reload] as const) }
}

async function metric(daemon: DaemonProcess, name: string): Promise<number> {
  const line = (await daemon.text('/metrics')).split('\n').find((one) => one.startsWith(`${name} `))
  return Number(line?.split(' ')[1])
}

async function untilMetric(daemon: DaemonProcess, name: string, value: number): Promise<void> {
  while ((await metric(daemon, name)) !== value) await pause(50)
}

/** Runs `use` beside a feeder of all rows, and judges what both pipelines have published. */
async function underLoad(
  rows: readonly Row[],
  use: (daemon: DaemonProcess, feeder: Feeder) => Promise<void>,
  prepare: (models: ModelStore) => Promise<unknown> = () => Promise.resolve(),
): Promise<void> {
  const config = houseConfig()
  const origins = originsOf(rows)
  await withDataDirectory(async (dataDir) => {
    await withLogOf(dataDir, async ({ models }) => {
      await pinNetwork(models, config, [...origins.keys()])
      await prepare(models)
    })
    const daemons = new DaemonSuccession(dataDir, configOf(houseSettings()))
    try {
      const daemon = await daemons.current
      const feeder = new Feeder(daemons, HOUSE, rows)
      await use(daemon, feeder)
      await feeder.feed()
      await reload(daemon, configOf(houseSettings()))
      await daemon.untilForecast(HOUSE, lastOrigins(origins))
      await daemon.untilForecast(NEIGHBOUR, lastOrigins(origins))
      // What was restarted has counted anew.
      assert.equal((await daemon.status(NEIGHBOUR)).records, rows.length)
      await daemons.stop()
    } finally {
      await daemons.end()
    }
    for (const one of [config, pipelineConfig(NEIGHBOUR, neighbour)]) {
      const { outputs } = await leftoversOf(dataDir, one)
      assertExactlyOnce(outputs, origins)
    }
  })
}

test('a reload steps from valid over each kind of invalid to valid under load, and what was valid rules throughout', async () => {
  await underLoad(household(4000), async (daemon, feeder) => {
    const feeding = feeder.feed()
    await daemon.until(HOUSE, ({ records }) => records > 0)
    const shorter = houseSettings({ horizon: 6 })
    const first = await reload(daemon, configOf(shorter))
    assert.deepEqual(first, {
      status: 200,
      code: undefined,
      changes: [[`pipelines.${HOUSE}.horizon`, 'live']],
    })
    const hash = await metric(daemon, 'tidecast_config_hash')
    for (const [kind, config, status, code] of [
      ['no JSON5', '{ pipelines: ', 422, 'bad-configuration'],
      ['an unknown key', configOf(shorter, { http: { prot: 1 } }), 422, 'bad-configuration'],
      ['a wrong type', configOf(houseSettings({ horizon: 'six' })), 422, 'bad-configuration'],
      [
        'a contradiction',
        configOf(houseSettings({ limits: { minValue: 1, maxValue: 0 } })),
        422,
        'bad-configuration',
      ],
      [
        'two writers of a topic',
        configOf(houseSettings({ output: `${NEIGHBOUR}.forecasts` })),
        422,
        'bad-configuration',
      ],
      [
        'a process restart',
        configOf(houseSettings({ horizon: 9 }), { engine: { threads: 2 } }),
        409,
        'needs-restart',
      ],
    ] as const) {
      const outcome = await reload(daemon, config)
      assert.deepEqual([outcome.status, outcome.code], [status, code], kind)
      assert.equal((await daemon.status(HOUSE)).form.horizon, 6, kind)
      assert.equal(await metric(daemon, 'tidecast_config_hash'), hash, kind)
      assert.equal(await metric(daemon, 'tidecast_config_last_reload_successful'), 0, kind)
      assert.equal(await metric(daemon, 'tidecast_config_drift'), 1, kind)
    }
    await daemon.configure(configOf(houseSettings({ horizon: 9 })))
    daemon.signal('SIGHUP')
    await daemon.until(HOUSE, ({ form }) => form.horizon === 9)
    await untilMetric(daemon, 'tidecast_config_last_reload_successful', 1)
    assert.equal(await metric(daemon, 'tidecast_config_drift'), 0)
    assert.notEqual(await metric(daemon, 'tidecast_config_hash'), hash)
    await feeding
    // A file that has changed is noticed, and taken up where that is configured.
    await daemon.configure(configOf(houseSettings({ horizon: 4 }), { config: { watch: true } }))
    await untilMetric(daemon, 'tidecast_config_drift', 1)
    assert.equal((await daemon.status(HOUSE)).form.horizon, 9)
    assert.equal((await daemon.post('/-/reload')).status, 200)
    await daemon.configure(configOf(houseSettings({ horizon: 5 })))
    await daemon.until(HOUSE, ({ form }) => form.horizon === 5)
  })
})

test('a reload of which one change fails is taken back whole, and everything goes on as before', async () => {
  const third = { topic: HOUSE, interval: '1m', season: 'none' }
  /** The champion of a pipeline that is to be added cannot be loaded. */
  const spoil = async (models: ModelStore): Promise<void> => {
    const network = randomNetwork(pipelineConfig('third', third), ['a'])
    const { version } = await models.put({ ...network, weights: network.weights.slice(1) })
    await models.setChampion('third', version)
  }
  await underLoad(
    household(2000),
    async (daemon, feeder) => {
      const feeding = feeder.feed()
      await daemon.until(HOUSE, ({ records }) => records > 0)
      const changed = houseSettings({ horizon: 6, batch: { maxRecords: 100 } })
      const outcome = await reload(daemon, configOf(changed, {}, { third }))
      assert.deepEqual([outcome.status, outcome.code], [503, 'unavailable'])
      assert.equal((await daemon.status(HOUSE)).form.horizon, 12)
      assert.equal((await fetch(`${await daemon.listening}/api/v1/pipelines/third`)).status, 404)
      assert.equal(await metric(daemon, 'tidecast_config_last_reload_successful'), 0)
      await daemon.until(HOUSE, ({ phase }) => phase === 'running')
      await feeding
    },
    spoil,
  )
})

test('random reloads while records flow: one forecast from each accepted grid step, and the neighbour notices nothing', async (t) => {
  const { random } = seeded(t)
  const reloads = long ? 200 : 8
  const rows = household(long ? 100_000 : 8000)
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random.uniform() * from.length)]!
  const next = (): { readonly config: object | string; readonly status: number } => {
    const house = houseSettings({
      horizon: pick([4, 12, 12, 20]),
      quantiles: pick([
        [0.1, 0.5, 0.9],
        [0.1, 0.5, 0.9],
        [0.05, 0.1, 0.5, 0.9, 0.95],
      ]),
      batch: { maxRecords: pick([100, 200, 400]) },
      calibration: { rate: pick([0.02, 0.05]) },
      model: { hidden: pick([16, 16, 8]), cell: pick(['gru', 'gru', 'lstm']) },
      training: { enabled: false, clipNorm: pick([1, 5]) },
      paused: random.uniform() < 0.1,
    })
    const more = { log: { level: pick(['info', 'warn']), format: 'json' } }
    const others = random.uniform() < 0.3 ? { third: { topic: HOUSE, interval: '1m', season: 'none' } } : {}
    const chance = random.uniform()
    if (chance < 0.1) return { config: configOf({ ...house, horizn: 3 }, more, others), status: 422 }
    if (chance < 0.2) {
      return { config: configOf(house, { ...more, http: { maxBody: '2MiB' } }, others), status: 409 }
    }
    if (chance < 0.3) return { config: configOf(null, more, others), status: 200 }
    return { config: configOf(house, more, others), status: 200 }
  }
  await underLoad(rows, async (daemon, feeder) => {
    const step = rows.length / (reloads + 1)
    for (let i = 1; i <= reloads; i++) {
      const feeding = feeder.feed(Math.floor(i * step))
      const { config, status } = next()
      const outcome = await reload(daemon, config)
      assert.equal(outcome.status, status, JSON.stringify(config))
      // By hand, and whatever the configuration says of it next.
      if (status === 200 && random.uniform() < 0.2) await daemon.post(`/api/v1/pipelines/${HOUSE}/pause`)
      await feeding
    }
    await reload(daemon, configOf(houseSettings()))
    assert.equal((await daemon.post(`/api/v1/pipelines/${HOUSE}/resume`)).status, 200)
  })
})
