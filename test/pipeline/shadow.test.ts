import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { EmbeddedBroker } from '../../src/adapters/embedded/embedded-broker.js'
import { Accuracy } from '../../src/core/accuracy.js'
import { initialWeights } from '../../src/model/initial-weights.js'
import { Random } from '../../src/model/random.js'
import type { Pipeline } from '../../src/pipeline/pipeline.js'
import { systemClock } from '../../src/ports/clock.js'
import type { Decision, StoredModel } from '../../src/ports/model-store.js'
import { createTelemetry } from '../../src/telemetry/telemetry.js'
import { TrainingSupervisor } from '../../src/training/supervisor.js'
import { withLog } from '../adapters/embedded/temporary-log.js'
import { publishedIn } from '../support/outputs.js'
import { randomNetwork } from '../support/pinned-network.js'
import { startPipeline } from '../support/pipeline-at-work.js'
import { pipelineConfig } from '../support/pipeline-config.js'

const HOUR = 3_600_000
const SERIES = ['a', 'b']
const DAY = 8
const HISTORY = 200
/** Two long seasons would do, but more than ten days are to be compared. */
const LASTS = 11 * DAY

const config = pipelineConfig('p', {
  topic: 't',
  interval: '1h',
  season: [DAY, 2 * DAY],
  horizon: 4,
  model: { hidden: 8, warmUp: 8 },
  // What was forecast before the shadow began teaches the published intervals a little, and not the compared ones.
  calibration: { enabled: false },
  training: { promotion: 'shadow', setAside: { enabled: false }, minObservations: 1_000_000 },
})

function valueAt(series: string, t: number): number {
  const noise = new Random(t * 2 + SERIES.indexOf(series)).normal()
  return 100 + 20 * Math.sin((2 * Math.PI * t) / DAY) + 5 * noise
}

/** Untrained, it mixes seasonal forecasts, which beats repeating one of them; disturbed, it is worse than that. */
function network(quality: 'good' | 'bad'): Omit<StoredModel, 'version'> {
  const model = randomNetwork(config, SERIES)
  const random = new Random(1)
  const disturb = quality === 'good' ? 0 : 0.4
  return { ...model, weights: initialWeights(model.spec, 3).map((w) => w + disturb * random.normal()) }
}

interface Stream {
  readonly broker: EmbeddedBroker
  steps: number
}

async function append(stream: Stream, steps: number): Promise<void> {
  const { broker, steps: from } = stream
  stream.steps += steps
  await broker.append(
    Array.from({ length: steps }, (_, i) => from + i).flatMap((t) =>
      SERIES.map((series) => ({
        topic: 't',
        partition: 0,
        timestamp: t * HOUR,
        key: Buffer.from(series),
        value: Buffer.from(JSON.stringify({ ts: t * HOUR, value: valueAt(series, t) })),
      })),
    ),
  )
}

/** A pipeline that learns, in this process. */
class Learning {
  private constructor(
    readonly stream: Stream,
    readonly pipeline: Pipeline,
    readonly supervisor: TrainingSupervisor,
    private readonly from: number,
    private readonly account: { settled(records: number): Promise<void> },
  ) {}

  static async start(stream: Stream): Promise<Learning> {
    const { broker } = stream
    const { pipeline, account } = await startPipeline(config, broker)
    const destination = { write: () => undefined }
    const telemetry = createTelemetry({ level: 'error', format: 'json', destination, version: 'test' })
    const supervisor = new TrainingSupervisor({
      pipelines: [pipeline],
      models: broker.models,
      launch: () => Promise.reject(new Error('nothing is to be trained')),
      job: { log: { kind: 'embedded', dir: '', mapSizeBytes: 0 }, registry: null, backend: 'auto' },
      telemetry: (name) => telemetry.pipeline(name),
      clock: systemClock,
    })
    return new Learning(stream, pipeline, supervisor, stream.steps, account)
  }

  /** Appends, and waits until it has been consumed. */
  async take(steps: number): Promise<void> {
    await append(this.stream, steps)
    await this.account.settled((this.stream.steps - this.from) * SERIES.length)
  }

  async until(what: () => boolean): Promise<void> {
    while (!what()) {
      this.supervisor.tick()
      await turn()
    }
  }

  async stop(): Promise<void> {
    await this.supervisor.stop()
    await this.pipeline.stop()
  }
}

/** A champion in office, and a candidate that the gate has let through. */
async function rivals(broker: EmbeddedBroker, champion: 'good' | 'bad'): Promise<void> {
  const { models } = broker
  const { version } = await models.put(network(champion))
  await models.setChampion('p', version)
  const candidate = await models.put(network(champion === 'good' ? 'bad' : 'good'))
  const judged = { scores: null, verdict: null, why: null, reason: 'drift', at: new Date(0).toISOString() }
  await models.note('p', { ...judged, outcome: 'shadow', version: candidate.version })
}

/** What was published from a step on, scored on all targets that have come. */
async function scoredFrom({ broker, steps }: Stream, from: number): Promise<number> {
  const accuracy = new Accuracy([0.1, 0.5, 0.9])
  for await (const { series, origin, quantiles } of publishedIn(broker, config)) {
    const at = Math.round(origin / HOUR)
    if (at < from) continue
    quantiles['0.5']!.forEach((median, h) => {
      const target = at + h + 1
      if (target >= steps) return
      accuracy.add(valueAt(series, target), quantiles['0.1']![h]!, median, quantiles['0.9']![h]!, 1)
    })
  }
  return accuracy.scores().wql!
}

async function outputsOf(broker: EmbeddedBroker): Promise<string[]> {
  const lines: string[] = []
  for await (const records of broker.read(config.output, 0, {})) {
    for (const { value } of records) lines.push(Buffer.from(value ?? []).toString())
  }
  return lines
}

function decided(broker: EmbeddedBroker): Decision[] {
  return broker.models.decisions('p').filter(({ reason }) => reason === 'shadow')
}

test('a candidate in the shadow is compared with what is published, publishes nothing itself, goes on after a restart, and takes over', async () => {
  await withLog(async (broker) => {
    await broker.ensureTopics([{ name: 't', partitions: 1 }])
    await rivals(broker, 'bad')
    const stream = { broker, steps: 0 }
    let learning = await Learning.start(stream)
    await learning.take(HISTORY)
    await learning.until(() => learning.supervisor.learning('p')!.shadow !== null)
    assert.equal(learning.supervisor.train('p', '')!.kind, 'not-here', 'nothing else is trained meanwhile')
    await learning.take(5 * DAY)
    await learning.until(() => learning.pipeline.training.includes('in the shadow until'))
    const before = learning.supervisor.learning('p')!.shadow!
    assert.deepEqual([before.version, before.against], [2, 1])
    assert.equal(before.since, new Date((HISTORY - 1) * HOUR).toISOString())
    const published = await scoredFrom(stream, HISTORY)
    assert.ok(Math.abs(before.scores.champion!.wql / published - 1) < 1e-4, String(published))
    assert.ok(before.scores.network.wql < before.scores.champion!.wql)
    const { forecasts, baseline, challenger } = await learning.pipeline.series.forecasts('a', {
      from: -Infinity,
      to: Infinity,
      limit: 1,
    })
    const beside = learning.pipeline.series.beside('a')
    assert.deepEqual(
      [forecasts[0], baseline, challenger].map((one) => [one?.model, one?.origin]),
      ['gru@1', 'baseline@1', 'gru@2'].map((model) => [
        model,
        new Date((stream.steps - 1) * HOUR).toISOString(),
      ]),
    )
    assert.deepEqual(beside, { baseline, challenger })
    assert.notDeepEqual(challenger!.quantiles, forecasts[0]!.quantiles)
    assert.equal(before.scores.network.targets, before.scores.champion!.targets)
    await learning.stop()

    learning = await Learning.start(stream)
    await learning.until(() => learning.supervisor.learning('p')!.shadow !== null)
    const resumed = learning.supervisor.learning('p')!.shadow!
    assert.deepEqual(resumed, before)
    await learning.take(LASTS - 5 * DAY - 2)
    let looks = 0
    await learning.until(() => looks++ > 20)
    assert.equal(learning.pipeline.version, 1, 'its time is not over')
    const outputs = await outputsOf(broker)
    await withLog(async (other) => {
      await other.ensureTopics([{ name: 't', partitions: 1 }])
      await other.models.put(network('bad'))
      await other.models.setChampion('p', 1)
      const alone = { broker: other, steps: 0 }
      const { pipeline, account } = await startPipeline(config, other)
      await append(alone, stream.steps)
      await account.settled(stream.steps * SERIES.length)
      await pipeline.stop()
      assert.deepEqual(outputs.sort(), (await outputsOf(other)).sort())
    })
    await learning.take(DAY)
    await learning.until(() => decided(broker).length > 0)
    const [decision] = decided(broker)
    assert.equal(decision!.outcome, 'promoted', JSON.stringify(decision))
    assert.equal(decision!.verdict!.comparisons[0]!.against, 'champion')
    assert.equal(learning.pipeline.version, 2)
    assert.equal(broker.models.champion('p'), 2)
    assert.equal(learning.supervisor.learning('p')!.shadow, null)
    await learning.stop()
  })
})

test('a candidate that proves worse in the shadow is refused, with the figures', async () => {
  await withLog(async (broker) => {
    await broker.ensureTopics([{ name: 't', partitions: 1 }])
    await rivals(broker, 'good')
    const learning = await Learning.start({ broker, steps: 0 })
    await learning.take(HISTORY)
    await learning.until(() => learning.supervisor.learning('p')!.shadow !== null)
    await learning.take(LASTS + DAY)
    await learning.until(() => decided(broker).length > 0)
    const [decision] = decided(broker)
    assert.equal(decision!.why, 'worse-than-champion')
    assert.ok(decision!.scores!.network.wql > decision!.scores!.champion!.wql)
    assert.equal(learning.pipeline.version, 1)
    await learning.until(() => learning.supervisor.learning('p')!.shadow === null)
    await learning.stop()
  })
})

test('a candidate that no longer fits the configuration is given up, and trainings go on', async () => {
  await withLog(async (broker) => {
    await broker.ensureTopics([{ name: 't', partitions: 1 }])
    const wider = pipelineConfig('p', {
      topic: 't',
      interval: '1h',
      season: [DAY, 2 * DAY],
      horizon: 4,
      model: { hidden: 16 },
    })
    const { version } = await broker.models.put(randomNetwork(wider, SERIES))
    const judged = { scores: null, verdict: null, why: null, reason: 'drift', at: new Date(0).toISOString() }
    await broker.models.note('p', { ...judged, outcome: 'shadow', version })
    const learning = await Learning.start({ broker, steps: 0 })
    await learning.take(HISTORY)
    await learning.until(() => decided(broker).length > 0)
    assert.equal(decided(broker)[0]!.outcome, 'refused')
    assert.equal(learning.supervisor.train('p', '')!.kind, 'queued')
    await learning.stop()
  })
})
