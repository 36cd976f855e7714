import assert from 'node:assert/strict'
import process from 'node:process'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { openEmbeddedBroker } from '../../src/adapters/embedded/embedded-broker.js'
import { launchTrainer } from '../../src/cli/launch-trainer.js'
import { Random } from '../../src/model/random.js'
import { ModelDesk } from '../../src/pipeline/models/desk.js'
import { systemClock } from '../../src/ports/clock.js'
import { TrainingSupervisor } from '../../src/training/supervisor.js'
import { withDataDirectory } from '../support/house.js'
import { publishedIn } from '../support/outputs.js'
import { Account, startPipeline } from '../support/pipeline-at-work.js'
import { pipelineConfig } from '../support/pipeline-config.js'

const HOUR = 3_600_000
const MAP_SIZE = 2 ** 30
const HISTORY = 3000

test('with `promotion: manual` the baseline goes on beside a network that was trained and let through, until somebody promotes it', async () => {
  const config = pipelineConfig('p', {
    topic: 't',
    interval: '1h',
    season: [8, 16],
    horizon: 4,
    model: { hidden: 8, warmUp: 8 },
    training: { promotion: 'manual', minObservations: HISTORY, updates: 80, chunk: 24, device: 'cpu' },
  })
  await withDataDirectory(async (dir) => {
    const broker = await openEmbeddedBroker({
      dir,
      mapSizeBytes: MAP_SIZE,
      clock: systemClock,
      pid: process.pid,
    })
    const { models } = broker
    const random = new Random(3)
    let steps = 0
    const append = async (count: number): Promise<void> => {
      const from = steps
      steps += count
      await broker.append(
        Array.from({ length: count }, (_, i) => {
          const t = from + i
          const value = 100 + 20 * Math.sin((2 * Math.PI * t) / 8) + 5 * random.normal()
          const bytes = Buffer.from(JSON.stringify({ ts: t * HOUR, value }))
          return { topic: 't', partition: 0, timestamp: t * HOUR, key: Buffer.from('a'), value: bytes }
        }),
      )
    }
    const { pipeline, account } = await startPipeline(config, broker)
    const supervisor = new TrainingSupervisor({
      pipelines: [pipeline],
      models,
      launch: launchTrainer(process.env),
      job: { log: { kind: 'embedded', dir, mapSizeBytes: MAP_SIZE }, registry: null, backend: 'auto' },
      telemetry: (name) => new Account(name),
      clock: systemClock,
    })
    const desk = new ModelDesk(config, models, pipeline.office, systemClock)
    const publishers = async (from: number): Promise<string[]> => {
      const names = new Set<string>()
      for await (const { origin, model } of publishedIn(broker, config))
        if (origin >= from * HOUR) names.add(model)
      return [...names]
    }
    try {
      await append(HISTORY)
      await account.settled(steps)
      assert.equal(supervisor.train('p', 'the first')!.kind, 'queued')
      while (models.decisions('p').length === 0) {
        supervisor.tick()
        await pause(50)
      }
      const [decision] = models.decisions('p')
      assert.deepEqual([decision!.outcome, decision!.version, decision!.why], ['approved', 1, null])
      assert.equal(decision!.verdict?.promote, true)
      await append(8)
      await account.settled(steps)
      assert.deepEqual([models.champion('p'), await publishers(HISTORY)], [null, ['baseline@1']], 'it waits')
      await desk.promote(1, 'looks good')
      const promoted = steps
      await append(8)
      await account.settled(steps)
      assert.deepEqual([models.champion('p'), await publishers(promoted)], [1, ['gru@1']])
      assert.deepEqual(
        models.decisions('p').map(({ outcome, reason }) => [outcome, reason]),
        [
          ['approved', 'manual'],
          ['promoted', 'by hand: looks good'],
        ],
      )
      await desk.rollback(undefined, 'after all')
      const back = steps
      await append(8)
      await account.settled(steps)
      assert.deepEqual([models.champion('p'), await publishers(back)], [null, ['baseline@1']])
    } finally {
      await supervisor.stop()
      await pipeline.stop()
      await broker.close()
    }
  })
})
