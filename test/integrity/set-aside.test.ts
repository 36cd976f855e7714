import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { registerModels } from '../../src/cli/models.js'
import { registerTrain } from '../../src/cli/train.js'
import { layoutOf } from '../../src/model/layout-of.js'
import { decodeModelFile, encodeModelFile } from '../../src/pipeline/models/file.js'
import type { LearningStatus } from '../../src/ports/control/learning.js'
import type { Decision } from '../../src/ports/model-store.js'
import { runCommand } from '../cli/replay/harness.js'
import { DaemonProcess, TOKEN } from '../support/daemon-process.js'
import { linesOf } from '../support/feeder.js'
import { withDataDirectory, withLogOf } from '../support/house.js'
import { lastOrigins, originsOf, traffic } from '../support/household.js'
import { assertExactlyOnce, publishedIn, readOutputs } from '../support/outputs.js'
import { pipelineConfig } from '../support/pipeline-config.js'

const ROADS = 'roads'
const HISTORY = 3000
const DAY = 24
/** By how much the medians of the network that is spoilt lie too high, in deviations of the series. */
const SPOILT = 0.6
/** For so long a set-aside or a training may keep people waiting who run many tests at once. */
const DEADLINE_MS = 120_000
const SETTINGS = {
  interval: '1h',
  horizon: 12,
  partitions: 1,
  state: { snapshotEvery: '1s' },
  model: { hidden: 16 },
  // A candidate is judged by the twenty days in which the one before it was behind: enough to tell it from noise.
  training: { updates: 60, minNew: 40 * DAY, setAside: { after: '20d' }, device: 'cpu' },
}

test('a champion that was made worse by hand is set aside for the baseline, a network is trained at once and takes its place, and every forecast is published exactly once', async () => {
  const rows = traffic()
  const config = pipelineConfig(ROADS, SETTINGS)
  await withDataDirectory(async (dataDir) => {
    const settings = { log: { format: 'json' }, pipelines: { [ROADS]: SETTINGS } }
    const daemon = await DaemonProcess.start(dataDir, settings)
    const logged: Readonly<Record<string, unknown>>[] = []
    daemon.onLine((line) => {
      if (line.startsWith('{')) logged.push(JSON.parse(line) as Readonly<Record<string, unknown>>)
    })
    /** So many lines of the log that say so, once they are there. */
    const said = async (
      what: string,
      count: number,
    ): Promise<readonly Readonly<Record<string, unknown>>[]> => {
      const deadline = Date.now() + DEADLINE_MS
      for (;;) {
        const found = logged.filter(({ msg }) => msg === what)
        if (found.length >= count) return found
        assert.ok(Date.now() < deadline, `${what}: ${daemon.stderr}`)
        await pause(20)
      }
    }
    let fed = 0
    const feed = async (count: number): Promise<void> => {
      const some = rows.slice(fed, fed + count)
      fed += some.length
      assert.ok(await daemon.ingest(ROADS, linesOf(some)))
      await daemon.untilForecast(ROADS, lastOrigins(originsOf(some)))
    }
    const decisions = async (): Promise<readonly Decision[]> =>
      (await daemon.get<LearningStatus>(`/api/v1/pipelines/${ROADS}/learning`)).decisions
    /** Feeds so many hours at a time until there is a decision of this reason. */
    const decided = async (reason: string, hours: number): Promise<Decision> => {
      const deadline = Date.now() + DEADLINE_MS
      for (;;) {
        const found = (await decisions()).findLast((one) => one.reason === reason)
        if (found !== undefined) return found
        assert.ok(Date.now() < deadline, `after ${fed - HISTORY} hours: ${daemon.stderr}`)
        await feed(hours)
        await pause(100)
      }
    }
    const figure = async (name: string): Promise<string | undefined> =>
      new RegExp(`^${name}\\{pipeline="${ROADS}"\\} (.*)$`, 'm').exec(await daemon.text('/metrics'))?.[1]
    try {
      const { port } = new URL(await daemon.listening)
      const tidecast = async (register: typeof registerModels, ...words: string[]): Promise<Decision> => {
        const where = ['--set', `dataDir=${dataDir}`, '--set', `http.port=${port}`]
        const argv = [...words, '-c', join(dataDir, 'tidecast.json5'), '--json', ...where]
        const env = { TIDECAST_HTTP_TOKEN: TOKEN }
        const { code, out, error } = await runCommand(register, argv, { cwd: dataDir, env })
        assert.equal(code, 0, String(error))
        return JSON.parse(out) as Decision
      }
      await feed(HISTORY)
      const first = await tidecast(registerTrain, 'train', ROADS)
      assert.deepEqual([first.outcome, first.version], ['promoted', 1], JSON.stringify(first))
      await feed(DAY)

      await tidecast(registerModels, 'models', 'export', ROADS, '1', 'roads.model')
      await spoil(join(dataDir, 'roads.model'))
      await tidecast(registerModels, 'models', 'import', ROADS, 'roads.model')
      await tidecast(registerModels, 'models', 'promote', ROADS, '2')

      const aside = await decided('live', DAY)
      assert.deepEqual([aside.outcome, aside.version], ['set-aside', 2])
      assert.deepEqual(
        (await said('version 2 is set aside for the baseline', 1)).map(({ level }) => level),
        ['warn'],
      )
      assert.equal(await figure('tidecast_models_set_aside_total'), '1')
      assert.equal(await figure('tidecast_model_version'), '0')

      const next = await decided('set-aside', 1)
      assert.deepEqual([next.outcome, next.version, next.why], ['promoted', 3, null], JSON.stringify(next))
      assert.deepEqual(
        next.verdict!.comparisons.map(({ against, change, p }) => [against, change < 0, p! < 0.05]),
        [
          ['former champion', true, true],
          ['baseline', true, true],
        ],
      )
      assert.deepEqual(
        (await said('training started', 2)).map(({ reason }) => reason),
        ['manual', 'set-aside'],
      )
      assert.equal(await figure('tidecast_model_version'), '3')
      await feed(2 * DAY)
      assert.deepEqual(
        (await decisions()).map(({ outcome, version }) => [outcome, version]),
        [
          ['promoted', 1],
          ['promoted', 2],
          ['set-aside', 2],
          ['promoted', 3],
        ],
      )
      assert.deepEqual(await daemon.terminate(), { code: 0, signal: null })
    } finally {
      await daemon.kill()
    }
    await withLogOf(dataDir, async (broker) => {
      assertExactlyOnce(await readOutputs(broker, config), originsOf(rows.slice(0, fed)))
      const models: string[] = []
      for await (const { model } of publishedIn(broker, config))
        if (models.at(-1) !== model) models.push(model)
      assert.deepEqual(models, ['baseline@1', 'gru@1', 'gru@2', 'baseline@1', 'gru@3'])
    })
  })
})

/** Has the medians of a network in a file lie too high. */
async function spoil(file: string): Promise<void> {
  const model = decodeModelFile(await readFile(file))
  const { offset } = layoutOf(model.spec).entries.find(({ name }) => name === 'head.outputBias')!
  const middle = (model.spec.quantiles.length - 1) / 2
  const weights = model.weights.map((weight, i) => (i === offset + middle ? weight + SPOILT : weight))
  await writeFile(file, encodeModelFile({ ...model, weights }))
}
