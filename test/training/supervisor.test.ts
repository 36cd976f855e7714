import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadConfig } from '../../src/config/load.js'
import type { Decision, ModelStore, Scores, StoredModel } from '../../src/ports/model-store.js'
import { createTelemetry } from '../../src/telemetry/telemetry.js'
import { TrainerFailure, type LaunchTrainer, type TrainingJob } from '../../src/training/protocol.js'
import type { Trainable } from '../../src/training/trainable.js'
import { TrainingSupervisor } from '../../src/training/supervisor.js'
import { networkSpec } from '../../src/training/network-spec.js'

const CONFIG = loadConfig({
  files: [],
  text: '{ pipelines: { load: { topic: "load", interval: "1h", season: [4, 8], horizon: 2 } } }',
  env: {},
}).pipelines[0]!

/** A supervisor whose clock is moved by hand and whose trainer answers as told; everything else is the real thing. */
function supervised(launch: LaunchTrainer) {
  let now = 0
  const stored: StoredModel[] = []
  const promoted: number[] = []
  const decisions: Decision[] = []
  const models: ModelStore = {
    decisions: () => decisions,
    note: (_, decision) => {
      decisions.push(decision)
      return Promise.resolve()
    },
    list: () => stored,
    get: (_, version) => stored[version - 1] ?? null,
    put: (model) => {
      stored.push({ ...model, version: stored.length + 1 })
      return Promise.resolve(stored.at(-1)!)
    },
    champion: () => (pipeline.version === 0 ? null : pipeline.version),
    setChampion: () => Promise.resolve(),
    formerChampions: () => [],
    remove: () => Promise.resolve(),
  }
  const data = { total: 1000 }
  const pipeline: { -readonly [K in keyof Trainable]: Trainable[K] } = {
    config: CONFIG,
    version: 0,
    complete: true,
    suits: () => true,
    trainedTo: null,
    newest: 0,
    drift: () => ({ score: 0, alarm: null }),
    liveScores: () => null,
    losses: () => ({ published: 0, baseline: 0 }),
    setAside: () => {
      pipeline.version = 0
      pipeline.trainedTo = null
      return Promise.resolve()
    },
    lag: 0,
    shadow: () => Promise.resolve(true),
    shadowFigures: () => null,
    trainsHere: true,
    observations: () => ({ longest: data.total, total: data.total }),
    promote: (model: StoredModel) => {
      promoted.push(model.version)
      pipeline.version = model.version
      pipeline.trainedTo = model.report.to
      return Promise.resolve()
    },
    training: '',
  }
  const telemetry = createTelemetry({
    level: 'error',
    format: 'json',
    destination: { write: () => undefined },
    version: 'test',
  })
  const supervisor = new TrainingSupervisor({
    pipelines: [pipeline],
    models,
    launch,
    job: { log: { kind: 'embedded', dir: '', mapSizeBytes: 0 }, backend: 'auto' } as never,
    telemetry: (name) => telemetry.pipeline(name),
    clock: { now: () => now },
  })
  const pass = async (seconds: number): Promise<void> => {
    for (let s = 0; s < seconds; s++) {
      now += 1000
      supervisor.tick()
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  return { supervisor, pipeline, data, pass, promoted, stored, decisions }
}

function answering(networkWql: number, calls: { count: number } = { count: 0 }): LaunchTrainer {
  const scores = (wql: number): Scores => ({ mase: 1, wql, coverage: 0.8, targets: 10 })
  return () => {
    calls.count++
    const history = { series: 'a', start: 0, values: Float64Array.of(1), ts: Float64Array.of(0) }
    return Promise.resolve({
      spec: networkSpec([history], CONFIG, CONFIG.model),
      weights: new Float32Array(1),
      report: {
        ...{
          startedAt: '',
          seconds: 1,
          backend: '',
          observations: 1000 * 1.25 ** (calls.count - 1),
          series: 1,
          updates: 1,
          from: 0,
          to: 0,
        },
        ...{ curve: [], clippedShare: 0, validationLoss: 0 },
      },
      scores: { network: scores(networkWql), baseline: scores(0.5) },
    })
  }
}

test('with `promotion: shadow` what the gate lets through is not promoted, and nothing else is trained meanwhile', async () => {
  const calls = { count: 0 }
  const shadowed: number[] = []
  const { supervisor, pipeline, data, pass, promoted, decisions } = supervised(answering(0.4, calls))
  pipeline.config = { ...CONFIG, training: { ...CONFIG.training, promotion: 'shadow' } }
  pipeline.shadow = (version) => {
    if (version !== null) shadowed.push(version)
    return Promise.resolve(true)
  }
  await pass(10)
  assert.deepEqual(
    decisions.map(({ outcome, version }) => [outcome, version]),
    [['shadow', 1]],
  )
  data.total *= 10
  await pass(10)
  assert.deepEqual([promoted, calls.count], [[], 1])
  assert.ok(shadowed.length > 0 && shadowed.every((version) => version === 1))
  assert.equal(supervisor.train('load', '')?.kind, 'not-here')
})

test('a network that beats the baseline is promoted, once the history has come to rest', async () => {
  const { pipeline, data, pass, promoted } = supervised(answering(0.4))
  for (let s = 0; s < 10; s++) {
    await pass(1)
    data.total = Math.round(data.total * 1.1)
  }
  assert.equal(pipeline.training, 'waits until the history has been read')
  await pass(10)
  assert.deepEqual(promoted, [1])
})

test('a network that does not beat the baseline is refused with its figures, and not tried again from the same data', async () => {
  const calls = { count: 0 }
  const { data, pass, promoted, stored } = supervised(answering(0.5, calls))
  await pass(30)
  assert.deepEqual(promoted, [])
  assert.equal(stored.length, 1)
  assert.equal(calls.count, 1)
  data.total = 1250
  await pass(30)
  assert.equal(calls.count, 2)
})

test('a failing trainer leaves the pipeline as it was, and says so', async () => {
  for (const reason of ['nan-loss', 'crashed', 'too-little-data'] as const) {
    const { pipeline, pass, promoted } = supervised(() =>
      Promise.reject(new TrainerFailure(reason, 'told to')),
    )
    const said = new Set<string>()
    for (let s = 0; s < 10; s++) {
      await pass(1)
      said.add(pipeline.training)
    }
    assert.ok(said.has(`failed: ${reason}`), [...said].join(', '))
    assert.equal(pipeline.version, 0)
    assert.deepEqual(promoted, [])
  }
})

test('of several processes only the owner of partition 0 trains', async () => {
  const calls = { count: 0 }
  const { pipeline, pass } = supervised(answering(0.4, calls))
  pipeline.trainsHere = false
  await pass(20)
  assert.equal(calls.count, 0)
  pipeline.trainsHere = true
  await pass(20)
  assert.equal(calls.count, 1)
})

test('a network is dropped whose training was overtaken by another process', async () => {
  const { pipeline, pass, promoted, stored } = supervised((...job) => {
    pipeline.trainsHere = false
    return answering(0.4)(...job)
  })
  const said = new Set<string>()
  for (let s = 0; s < 10; s++) {
    await pass(1)
    said.add(pipeline.training)
  }
  assert.ok(said.has('failed: aborted'), [...said].join(', '))
  assert.deepEqual({ promoted, stored }, { promoted: [], stored: [] })
})

test('a training asked for by hand begins at once, also beside a champion, and is noted with its reason', async () => {
  const calls = { count: 0 }
  const { supervisor, pass, decisions } = supervised(answering(0.4, calls))
  await pass(10)
  assert.equal(calls.count, 1)
  assert.deepEqual(supervisor.train('load', 'to see'), { kind: 'queued' })
  assert.equal(supervisor.train('other', ''), undefined)
  await pass(2)
  assert.deepEqual(
    decisions.map(({ reason, outcome, version }) => [reason, outcome, version]),
    [
      ['first', 'promoted', 1],
      ['manual', 'promoted', 2],
    ],
  )
  assert.deepEqual(supervisor.learning('load')?.decisions, decisions)
})

test('a champion that stays behind the baseline is set aside, and a training begins once there is enough to judge by; a short weakness is forgiven, and so is one that is over', async () => {
  const calls = { count: 0 }
  const { pipeline, pass, decisions } = supervised(answering(0.4, calls))
  await pass(10)
  assert.equal(pipeline.version, 1)
  const scores = (wql: number) => ({ mase: 1, smape: 0.1, wql, coverage: 0.8, bias: 0 })
  const lost = { published: 0, baseline: 0 }
  pipeline.losses = () => ({ ...lost })
  const live = async (hours: number, rolling: number, now = rolling): Promise<void> => {
    for (let i = 0; i < hours; i++) {
      pipeline.newest += 3_600_000
      pipeline.liveScores = () => ({ network: scores(rolling), baseline: scores(0.2) })
      lost.published += now
      lost.baseline += 0.2
      await pass(1)
    }
  }
  await live(8, 0.3)
  await live(20, 0.3, 0.19)
  assert.equal(pipeline.version, 1, 'what it has published in the later half is better than the baseline')
  await live(1, 0.19)
  await live(16, 0.3)
  lost.baseline = 0
  await live(1, 0.3, 0)
  assert.equal(pipeline.version, 1, 'a partition has gone elsewhere: nothing can be said of that half')
  await live(1, 0.19)
  await live(10, 0.3)
  await live(1, 0.19)
  await live(15, 0.3)
  assert.equal(
    pipeline.version,
    1,
    'sixteen hours, two long seasons, have not passed since it fell behind again',
  )
  await live(3, 0.3)
  assert.deepEqual([pipeline.version, calls.count], [0, 1])
  await live(13, 0.3) // thirty steps, half of the least, are there to judge by
  assert.equal(calls.count, 2)
  assert.deepEqual(
    decisions.map(({ reason, outcome, version }) => [reason, outcome, version]),
    [
      ['first', 'promoted', 1],
      ['live', 'set-aside', 1],
      ['set-aside', 'promoted', 2],
    ],
  )
})

test('the network that was set aside is beside the next candidates, and comes back when it does better again; by hand where that is wanted', async () => {
  for (const promotion of ['auto', 'manual', 'shadow'] as const) {
    const jobs: TrainingJob[] = []
    const refused = { promote: false, refusal: 'worse-than-former-champion', comparisons: [] } as const
    const again = { promote: true, refusal: null, comparisons: [] } as const
    const { pipeline, pass, promoted, decisions } = supervised(async (job, ...rest) => {
      jobs.push(job)
      const result = await answering(0.4)(job, ...rest)
      if (job.champion === undefined) return result
      const former = { scores: { network: result.scores.network, baseline: result.scores.baseline } }
      return { ...result, verdict: refused, former: { ...former, verdict: again } }
    })
    await pass(10)
    pipeline.config = { ...CONFIG, training: { ...CONFIG.training, promotion } }
    const scores = (wql: number) => ({ mase: 1, smape: 0.1, wql, coverage: 0.8, bias: 0 })
    pipeline.liveScores = () =>
      pipeline.version === 0 ? null : { network: scores(0.3), baseline: scores(0.2) }
    pipeline.losses = () => ({ published: 0.3 * pipeline.newest, baseline: 0.2 * pipeline.newest })
    for (let hour = 0; hour < 32; hour++) {
      pipeline.newest += 3_600_000
      await pass(1)
    }
    const [, aside] = decisions
    assert.equal(aside?.outcome, 'set-aside')
    assert.equal(jobs[1]?.champion?.setAside, true)
    assert.equal(jobs[1].since, aside.since)
    const outcome = { auto: 'promoted', manual: 'approved', shadow: 'shadow' }[promotion]
    assert.deepEqual(
      decisions.map(({ reason, outcome, version }) => [reason, outcome, version]),
      [
        ['first', 'promoted', 1],
        ['live', 'set-aside', 1],
        ['set-aside', 'refused', 2],
        ['set-aside', outcome, 1],
      ],
    )
    assert.deepEqual(promoted, promotion === 'auto' ? [1, 1] : [1])
  }
})

test('a candidate that was judged beside another champion than the present one is left to people', async () => {
  const { pipeline, pass, promoted, decisions } = supervised((...job) => {
    pipeline.version = 7 // somebody has promoted it meanwhile
    return answering(0.4)(...job)
  })
  await pass(10)
  assert.deepEqual(promoted, [])
  assert.deepEqual(
    decisions.map(({ outcome, version }) => [outcome, version]),
    [['approved', 1]],
  )
})
