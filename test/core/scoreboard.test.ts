import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Arrivals } from '../../src/core/arrivals.js'
import { Calibration, openForecast } from '../../src/core/calibration.js'
import { StateLayout } from '../../src/core/layout.js'
import { observe } from '../../src/core/observe.js'
import { scoreArrival } from '../../src/core/score-arrival.js'
import { Scoreboard } from '../../src/core/scoreboard.js'
import { seriesScores } from '../../src/core/series-scores.js'
import { SeriesTable } from '../../src/core/series-table.js'
import { Random } from '../../src/model/random.js'

const LEVELS = [0.1, 0.5, 0.9] as const
const SHAPE = {
  interval: 3_600_000,
  season: { short: 6, long: 42 },
  horizon: 24,
  quantiles: [0.1, 0.5, 0.9],
}

/** Observations of one value and forecasts of it, off by so much per step ahead. */
function scored(halfLife: number, steps: number, off: (h: number, t: number) => number) {
  const layout = new StateLayout(SHAPE)
  const table = new SeriesTable(layout, 1)
  table.reset(0)
  const board = new Scoreboard(layout, LEVELS, halfLife)
  const arrivals = new Arrivals(layout, 1)
  const calibration = new Calibration(layout, false, 0)
  const random = new Random(1)
  const forecast = new Float64Array(24 * 3)
  for (let t = 0; t < steps; t++) {
    const value = 100 + random.normal()
    arrivals.foresee(table, 0, t, 0)
    observe(table, 0, t, value, { p7Before: 0, step: 0 })
    arrivals.keep(table, 0, 0)
    scoreArrival(table, 0, t, value, arrivals, 0, calibration, Infinity, board)
    for (let h = 1; h <= 24; h++) {
      const median = 100 + off(h, t)
      forecast.set([median - 1, median, median + 1], (h - 1) * 3)
    }
    openForecast(table, 0, t, forecast, 0)
  }
  return { board, table }
}

test('each part of the horizon has scores of its own, and all targets together those of them all', () => {
  const { board, table } = scored(Infinity, 500, (h) => (h <= 6 ? 0 : h <= 12 ? 40 : -20))
  const [one, few, more] = board.byBucket('published').map((sums) => sums.scores())
  assert.ok(Math.abs(one!.bias!) < 0.2 && Math.abs(few!.bias!) < 0.2)
  // Too high by 40 in six of 18 steps, too low by 20 in twelve.
  assert.ok(Math.abs(more!.bias!) < 0.5, `bias ${more!.bias!}`)
  assert.ok(more!.mase! > 10 * few!.mase! && more!.wql! > 10 * few!.wql! && more!.smape! > 0.2)
  assert.ok(few!.coverage! > 0.6 && more!.coverage! < 0.01)
  const whole = board.total('published').scores()
  assert.equal(whole.targets, one!.targets + few!.targets + more!.targets)
  assert.deepEqual(
    seriesScores(table, 0).map(({ bucket }) => bucket.label),
    ['1', '2-6', '7-24'],
  )
})

test('the baseline is scored on the same targets', () => {
  const { board } = scored(Infinity, 300, () => 0)
  const ours = board.byBucket('published').map(({ count }) => count)
  assert.deepEqual(
    board.byBucket('baseline').map(({ count }) => count),
    ours,
  )
  const bias = board.total('baseline').scores().bias!
  assert.ok(Math.abs(bias) < 0.1, `bias ${bias}`)
})

test('a target of one half-life ago counts half: old errors are forgotten, by stream time', () => {
  // Forecasts are bad up to step 1000 and good from there on.
  const { board, table } = scored(42, 1000 + 42 * 5, (_, t) => (t < 1000 ? 50 : 0))
  const { coverage, targets } = board.total('published').scores()
  const good = 0.683 * (1 - 1 / 32)
  assert.ok(Math.abs(coverage! - good) < 0.06, `coverage ${coverage!}`)
  // 24 targets a step, over 42 / ln 2 steps.
  assert.ok(Math.abs(targets / (24 * (42 / Math.LN2)) - 1) < 0.05, `${targets} targets`)
  for (const { published } of seriesScores(table, 0)) {
    assert.ok(Math.abs(published.coverage! - good) < 0.15, `of the series ${published.coverage!}`)
  }
})

test('scores do not depend on when, or in which order, targets are added', () => {
  const layout = new StateLayout(SHAPE)
  const targets = Array.from({ length: 400 }, (_, t) => ({ index: t, value: (t * 7919) % 100 }))
  const sums = [targets, [...targets].reverse(), [...targets.slice(200), ...targets.slice(0, 200)]].map(
    (all) => {
      const board = new Scoreboard(layout, LEVELS, 5)
      for (const { index, value } of all) {
        board.ours.add(value, 20, 50, 80, 10)
        board.theirs.add(value, 0, 40, 80, 10)
        board.settle(0, board.weigh(index))
      }
      const { mase, wql, coverage, bias, smape, targets: count } = board.total('published').scores()
      return [mase, wql, coverage, bias, smape, count].map((score) => score!.toPrecision(9))
    },
  )
  assert.deepEqual(sums[1], sums[0])
  assert.deepEqual(sums[2], sums[0])
})

test('a scoreboard that was stored and brought back goes on as if nothing had happened', () => {
  const whole = scored(42, 600, (h) => h)
  const memory = JSON.stringify(whole.board.memory())
  const again = new Scoreboard(new StateLayout(SHAPE), LEVELS, 42)
  again.resume(JSON.parse(memory) as ReturnType<Scoreboard['memory']>)
  assert.deepEqual(again.total('published').scores(), whole.board.total('published').scores())
  assert.deepEqual(again.total('baseline').scores(), whole.board.total('baseline').scores())
  assert.equal(again.weigh(700), whole.board.weigh(700))
})

test('where there is no grid, time goes by with the observations, by the number of series', () => {
  const layout = new StateLayout({ ...SHAPE, interval: 0 })
  const board = new Scoreboard(layout, LEVELS, 10)
  board.series = 3
  const first = board.weigh(0)
  for (let i = 0; i < 29; i++) board.weigh(i % 10)
  assert.ok(Math.abs(board.weigh(0) / first - 2) < 1e-9)
})

test('another model begins with no scores, and the same one goes on after a restart', () => {
  const layout = new StateLayout(SHAPE)
  const settled = (): Scoreboard => {
    const board = new Scoreboard(layout, LEVELS, Infinity)
    board.begin(3)
    board.ours.add(1, 0, 1, 2, 1)
    board.settle(0, board.weigh(7))
    return board
  }
  const count = (board: Scoreboard): number => board.total('published').count
  const again = new Scoreboard(layout, LEVELS, Infinity)
  again.resume(settled().memory())
  again.begin(3)
  assert.equal(count(again), 1)
  again.begin(4)
  assert.equal(count(again), 0)
})
