import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Random } from '../../src/model/random.js'
import type { DailyFigures } from '../../src/ports/control/learning.js'
import { decide, type GateOptions } from '../../src/training/gate.js'

const OPTIONS = { nominal: 0.8, dependence: 2, seed: 1 }

/** Losses of so many days around `level`: hard days are hard for all, and each forecaster has its own luck. */
function forecaster(
  days: readonly number[],
  level: number,
  luck: Random,
  changes: Partial<DailyFigures['scores']> = {},
): DailyFigures {
  let own = 0
  const losses = days.map((hard) => {
    own = 0.3 * own + 0.1 * luck.normal()
    return level * hard * (1 + own)
  })
  const wql = losses.reduce((sum, loss) => sum + loss, 0) / days.length
  return { losses, scores: { mase: 1, wql, coverage: 0.8, targets: 100, ...changes } }
}

function hardness(count: number, random: Random): number[] {
  return Array.from({ length: count }, () => Math.exp(0.4 * random.normal()))
}

function judged(seed: number, count: number, candidate: number, changes: Partial<GateOptions> = {}) {
  const random = new Random(seed)
  const days = hardness(count, random)
  return decide({
    candidate: forecaster(days, candidate, random),
    champion: forecaster(days, 1, random),
    baseline: forecaster(days, 1.5, random),
    ...OPTIONS,
    ...changes,
  })
}

const share = (count: number, promoted: (seed: number) => boolean): number =>
  Array.from({ length: count }, (_, i) => promoted(i + 1)).filter(Boolean).length / count

test('a network that is no better than the champion is hardly ever promoted', () => {
  for (const days of [14, 28, 100]) {
    const wrong = share(200, (seed) => judged(seed, days, 1).promote)
    assert.ok(wrong <= 0.1, `${days} days: ${wrong}`)
  }
})

test('a network that is better by 15 % is promoted, with the figures that say so', () => {
  assert.ok(share(50, (seed) => judged(seed, 28, 0.85).promote) > 0.8)
  const { comparisons } = judged(1, 28, 0.85)
  assert.deepEqual(
    comparisons.map(({ against, days }) => [against, days]),
    [
      ['champion', 28],
      ['baseline', 28],
    ],
  )
  for (const { change, changeAtMost, p } of comparisons) {
    assert.ok(change < changeAtMost! && changeAtMost! < 0 && p! < 0.05)
  }
})

test('a network that is worse is refused, whoever it is worse than', () => {
  assert.equal(judged(1, 28, 1.2).refusal, 'worse-than-champion')
  const random = new Random(2)
  const days = hardness(28, random)
  const candidate = forecaster(days, 1, random)
  const baseline = forecaster(days, 0.9, random)
  assert.equal(decide({ candidate, champion: null, baseline, ...OPTIONS }).refusal, 'worse-than-baseline')
})

test('it is what forecasts now that is to be beaten by more than noise, the baseline beside a champion only beaten', () => {
  const random = new Random(6)
  const days = hardness(28, random)
  const candidate = forecaster(days, 0.8, random)
  const [champion, baseline] = [forecaster(days, 1, random), forecaster(days, 0.79, random)]
  const beside = decide({ candidate, champion, baseline, ...OPTIONS })
  const [, other] = beside.comparisons
  assert.ok(other!.change < 0 && other!.p! > 0.05, JSON.stringify(other))
  assert.deepEqual([beside.promote, beside.refusal], [true, null])
  assert.equal(decide({ candidate, champion: null, baseline, ...OPTIONS }).refusal, 'within-noise')
})

test('beside the baseline, the network that was set aside for it is to be beaten too, by more than noise', () => {
  const random = new Random(5)
  const days = hardness(28, random)
  const candidate = forecaster(days, 0.8, random)
  const against = (level: number) =>
    decide({
      candidate,
      champion: null,
      former: forecaster(days, level, new Random(6)),
      baseline: forecaster(days, 1.2, new Random(7)),
      ...OPTIONS,
    })
  assert.equal(against(0.7).refusal, 'worse-than-former-champion')
  assert.equal(against(0.805).refusal, 'within-noise')
  assert.equal(against(1.3).promote, true)
  assert.deepEqual(
    against(1.3).comparisons.map((one) => one.against),
    ['former champion', 'baseline'],
  )
})

test('too few days tell nothing of a challenger; the first network of a young pipeline need only be better', () => {
  assert.equal(judged(1, 5, 0.8).refusal, 'too-few-days')
  assert.equal(judged(1, 5, 0.8, { champion: null }).promote, true)
})

test('a network that is better, but covers much less, is refused', () => {
  const random = new Random(3)
  const days = hardness(28, random)
  const candidate = forecaster(days, 0.8, random, { coverage: 0.6 })
  const others = { champion: forecaster(days, 1, random), baseline: forecaster(days, 1.5, random) }
  assert.equal(decide({ candidate, ...others, ...OPTIONS }).refusal, 'worse-coverage')
  const wide = { ...candidate, scores: { ...candidate.scores, coverage: 0.93 } }
  assert.equal(decide({ candidate: wide, ...others, ...OPTIONS }).promote, true, 'the loss counts the width')
})

test('what is not a number is refused: as a loss, and where it was never scored', () => {
  const random = new Random(4)
  const days = hardness(28, random)
  const others = { champion: forecaster(days, 1, random), baseline: forecaster(days, 1.5, random) }
  const nan = forecaster(days, NaN, random)
  assert.equal(decide({ candidate: nan, ...others, ...OPTIONS }).refusal, 'not-finite')
  const silent = forecaster(days, 0.5, random, { targets: 99 })
  assert.equal(decide({ candidate: silent, ...others, ...OPTIONS }).refusal, 'not-finite')
})
