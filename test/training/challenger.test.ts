import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import type { SeriesHistory } from '../../src/core/history.js'
import { StateLayout } from '../../src/core/layout.js'
import type { NetworkSpec } from '../../src/core/network-spec.js'
import { initialWeights } from '../../src/model/initial-weights.js'
import { Random } from '../../src/model/random.js'
import { encodeHistory } from '../../src/training/encode-history.js'
import { TrainingError } from '../../src/training/error.js'
import { judgeCandidate } from '../../src/training/judging.js'
import { splitByTime } from '../../src/training/split.js'
import { trainNetwork, type TrainingOptions, type TrainingResult } from '../../src/training/train.js'
import { tensorflow } from '../model/backend.js'
import { TRAINING } from './configured.js'
import { HOUR, SHAPE, syntheticSeries } from './series.js'

const tf = tensorflow()
const MODEL = { cell: 'gru', activation: 'tanh', layers: 1, hidden: 16 } as const
const CALIBRATION = { enabled: true, rate: 0.05 }
const WHOLE = syntheticSeries('a', 1600, 1)
const KNOWN = 1200

function train(history: SeriesHistory, changes: Partial<TrainingOptions> = {}): Promise<TrainingResult> {
  return trainNetwork({
    tf,
    fused: true,
    histories: [history],
    shape: SHAPE,
    model: MODEL,
    training: TRAINING,
    calibration: CALIBRATION,
    onProgress: () => undefined,
    signal: new AbortController().signal,
    ...changes,
  })
}

function until(history: SeriesHistory, steps: number): SeriesHistory {
  return { ...history, values: history.values.slice(0, steps), ts: history.ts.slice(0, steps) }
}

let champion: { spec: NetworkSpec; weights: Float32Array; trainedTo: number }

before(async () => {
  const { spec, weights, report } = await train(until(WHOLE, KNOWN))
  champion = { spec, weights, trainedTo: report.to }
})

/** What the gate says of a network on the steps that the champion has not seen. */
function judged(weights: Float32Array, spec = champion.spec, beside: TrainingOptions['champion'] = champion) {
  const series = encodeHistory(new StateLayout(SHAPE), WHOLE, 0)!
  const split = splitByTime([series], 0.1, (WHOLE.values.length - KNOWN) / WHOLE.values.length)
  const shared = {
    tf,
    fused: true,
    shape: SHAPE,
    histories: [WHOLE],
    training: TRAINING,
    calibration: CALIBRATION,
  }
  return judgeCandidate({ ...shared, champion: beside, split }, spec, weights)
}

test('sabotaged networks are refused, with the figures that refused them', async () => {
  const untrained = judged(initialWeights(champion.spec, 99))
  assert.equal(untrained.verdict.refusal, 'worse-than-champion')
  assert.ok(untrained.scores.network.wql > untrained.scores.champion!.wql)
  assert.ok(untrained.verdict.comparisons[0]!.change > 0)

  const broken = judged(champion.weights.map((weight, i) => (i % 7 === 0 ? NaN : weight)))
  assert.equal(broken.verdict.refusal, 'not-finite')
  assert.ok(Number.isNaN(broken.scores.network.wql), JSON.stringify(broken.scores))

  // Learnt by heart: so many passes over a few days of noise that only those are left.
  const random = new Random(3)
  const few = until(WHOLE, 120)
  const noise = { ...few, values: few.values.map(() => 10 + 2 * random.normal()) }
  const training = { ...TRAINING, updates: 400, weightDecay: 0, holdout: 0.05, validation: 0.01, chunk: 24 }
  const heart = await train(noise, { training, model: { ...MODEL, hidden: 32 } })
  const losses = heart.report.curve.map(([, loss]) => loss)
  const late = losses.slice(-20).reduce((sum, loss) => sum + loss / 20, 0)
  assert.ok(late < 0.5 * Math.max(...losses.slice(0, 20)), 'the noise has been learnt')
  const { verdict, scores } = judged(heart.weights, heart.spec)
  assert.equal(verdict.refusal, 'worse-than-champion')
  assert.ok(scores.network.wql > scores.champion!.wql)
  for (const { change } of verdict.comparisons) assert.ok(change > 0.1, JSON.stringify(verdict))
})

test('the champion itself does not beat the champion', () => {
  const { verdict } = judged(champion.weights)
  assert.equal(verdict.promote, false)
  assert.equal(verdict.comparisons[0]!.change, 0)
})

test('after a network was set aside, what is no better than it is refused; it comes back itself where it beats the baseline again', () => {
  const aside = { ...champion, setAside: true }
  const random = judged(initialWeights(champion.spec, 99), champion.spec, aside)
  assert.equal(random.verdict.refusal, 'worse-than-former-champion')
  assert.equal(random.scores.champion, undefined)
  assert.ok(random.scores.former!.wql < random.scores.network.wql)
  assert.equal(random.former?.verdict.promote, true, JSON.stringify(random))
  assert.deepEqual(random.former.scores.network, random.scores.former)
  assert.ok(random.former.verdict.comparisons.every(({ against }) => against === 'baseline'))

  const itself = judged(champion.weights, champion.spec, aside)
  assert.equal(itself.verdict.promote, false)
  assert.equal(itself.former?.verdict.promote, true)

  const spoilt = {
    ...aside,
    weights: champion.weights.map((weight, i) => weight + (i % 2 === 0 ? 0.5 : -0.5)),
  }
  const worse = judged(spoilt.weights, champion.spec, spoilt)
  assert.ok(worse.scores.former!.wql > worse.scores.baseline.wql)
  assert.deepEqual([worse.verdict.promote, worse.former], [false, null])
  const better = judged(champion.weights, champion.spec, spoilt)
  assert.deepEqual([better.verdict.promote, better.former], [true, null])
})

test('a champion made worse by hand is beaten by what is trained beside it, judged by later data than either has seen', async () => {
  const spoilt = {
    ...champion,
    weights: champion.weights.map((weight, i) => weight + (i % 3 === 0 ? 0.3 : 0)),
  }
  const { verdict, scores, report } = await train(WHOLE, { champion: spoilt })
  assert.equal(verdict?.promote, true, JSON.stringify({ verdict, scores }))
  assert.equal(verdict.comparisons[0]?.against, 'champion')
  assert.ok(scores.network.wql < scores.champion!.wql)
  assert.ok(verdict.comparisons[0].days * 8 * HOUR <= WHOLE.ts.at(-1)! - champion.trainedTo)
  assert.equal(report.to, WHOLE.ts.at(-1))
})

test('from the champion’s weights, and from random ones', async () => {
  for (const start of ['champion', 'fresh'] as const) {
    const { report, spec } = await train(WHOLE, { champion, training: { ...TRAINING, start } })
    assert.equal(report.start, start)
    assert.deepEqual(spec.series, ['a'])
  }
})

test('with too little that the champion has not seen there is no retraining', async () => {
  await assert.rejects(
    train(until(WHOLE, KNOWN + 20), { champion }),
    (error) => error instanceof TrainingError && error.code === 'too-little-data',
  )
})
