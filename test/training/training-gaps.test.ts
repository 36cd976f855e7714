import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SeriesHistory } from '../../src/core/history.js'
import { StateLayout } from '../../src/core/layout.js'
import { encodeHistory } from '../../src/training/encode-history.js'
import {
  filledRanges,
  learnTrainingGaps,
  type KnownSeries,
} from '../../src/training/imputation/training-gaps.js'
import { tensorflow } from '../model/backend.js'
import { SHAPE, syntheticSeries, withGaps } from './series.js'

const tf = tensorflow()
const layout = new StateLayout(SHAPE)
const OPTIONS = {
  tf,
  fused: true,
  layout,
  cell: 'gru',
  seed: 1,
  signal: new AbortController().signal,
} as const
const END = 300

/** As training knows a series of which the first `END` steps are its training stretch; the first two are missing. */
function knownOf(history: SeriesHistory): KnownSeries {
  const encoded = encodeHistory(layout, history, 1)!
  assert.equal(history.values.length - encoded.length, 2)
  return { history, encoded, end: END - 2 }
}

async function filled(history: SeriesHistory) {
  const known = [knownOf(history)]
  const imputer = await learnTrainingGaps(OPTIONS, known)
  assert.ok(imputer !== null)
  return { imputer, range: filledRanges(OPTIONS, imputer, known)[0]! }
}

const gapped = withGaps(syntheticSeries('a', 400, 1), 9)

test('no value after the training stretch changes anything in what is filled in it', async () => {
  const before = await filled(gapped)
  for (const later of [NaN, -1000, 1e6]) {
    // The gap that reaches over the cut has no known value behind it inside the stretch.
    const changed = { ...gapped, values: gapped.values.map((x, t) => (t < END ? x : later + t)) }
    const { imputer, range } = await filled(changed)
    assert.deepEqual(imputer.weights, before.imputer.weights)
    assert.deepEqual(range.series, before.range.series)
  }
  const { range } = await filled({ ...gapped, values: gapped.values.map((x, t) => (t === END - 1 ? 50 : x)) })
  assert.notDeepEqual(range.series, before.range.series, 'the last value of the stretch does')
})

test('every gap of the training stretch is filled, what was known stays, and the series as it was stays too', async () => {
  const known = knownOf(gapped)
  const original = structuredClone(known.encoded)
  const { range } = await filled(gapped)
  assert.deepEqual(known.encoded, original)
  assert.equal(range.end, END - 2)
  assert.equal(range.series.length, END - 2)
  let observed = 0
  for (let t = 0; t < range.end; t++) {
    const value = gapped.values[t + 2]!
    if (value === value) assert.equal(range.series.view.x[t], original.view.x[t], `step ${t}`)
    // The last gap reaches over the cut, and stays.
    observed += range.series.mask[t]!
  }
  const open = gapped.values
    .slice(0, END)
    .reverse()
    .findIndex((x) => x === x)
  assert.equal(observed, END - 2 - open)
})

test('without a gap, or with too little to learn from, there is nothing to fill with', async () => {
  const whole = syntheticSeries('a', 400, 1)
  const encoded = encodeHistory(layout, whole, 1)!
  assert.equal(await learnTrainingGaps(OPTIONS, [{ history: whole, encoded, end: 400 }]), null)
  const short = withGaps(syntheticSeries('a', 60, 1), 9)
  const few = encodeHistory(layout, short, 1)!
  assert.equal(await learnTrainingGaps(OPTIONS, [{ history: short, encoded: few, end: few.length }]), null)
})
