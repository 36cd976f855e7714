import assert from 'node:assert/strict'
import { test } from 'node:test'
import { covariateFeatures, observeCovariates, rowCovariates } from '../../src/core/covariates.js'
import { headFeatures, seasonalDrift, stepInputs } from '../../src/core/features.js'
import { stepWidth, targetFeatures, TargetIndex } from '../../src/core/target-index.js'
import type { SeriesHistory } from '../../src/core/history.js'
import { StateLayout } from '../../src/core/layout.js'
import { observe } from '../../src/core/observe.js'
import { SeriesTable } from '../../src/core/series-table.js'
import { Random } from '../../src/model/random.js'
import { encodeHistory } from '../../src/training/encode-history.js'
import { networkSpec } from '../../src/training/network-spec.js'
import { OriginBuffers } from '../../src/training/origin-buffers.js'
import { SHAPE, syntheticSeries, withGaps } from './series.js'

const layout = new StateLayout(SHAPE)
const model = { cell: 'gru', activation: 'tanh', layers: 1, hidden: 8 } as const

const SURROUNDED = {
  ...SHAPE,
  calendar: { timeZone: 'Europe/Berlin', holidays: [], days: [0, 4, 5] },
  covariates: ['temperature', 'wind'],
  futureCovariates: { names: ['wind'] },
}

/** Some known, some not, of each step and those after the end. */
function withCovariates(history: SeriesHistory): SeriesHistory {
  const random = new Random(4)
  const known = (length: number): Float32Array =>
    Float32Array.from({ length }, () => (random.uniform() < 0.2 ? NaN : 10 * random.normal()))
  const T = history.values.length
  return { ...history, covariates: known(2 * T), ahead: known(T + SHAPE.horizon) }
}

for (const [name, given, from, shape] of [
  // While the first long season is incomplete and has gaps, a stand-in may differ by the visit that it comes from.
  ['a complete series', syntheticSeries('a', 200, 1), 8, SHAPE],
  ['a series with gaps', withGaps(syntheticSeries('a', 200, 1), 11), 48, SHAPE],
  ['a series with a calendar and covariates', withGaps(syntheticSeries('a', 200, 1), 11), 48, SURROUNDED],
] as const) {
  test(`${name}: training sees at each step exactly what the stream sees`, () => {
    const layout = new StateLayout(shape)
    const history = shape === SURROUNDED ? withCovariates(given) : given
    const encoded = encodeHistory(layout, history, 1)!
    const lead = history.values.length - encoded.length
    const target = new TargetIndex(layout)
    const spec = networkSpec([history], shape, model)
    const buffers = new OriginBuffers(spec, target)
    const table = new SeriesTable(layout, 1)
    table.reset(0)
    const trace = { p7Before: 0, step: 0 }
    const drift = { dm: 0, dpm: 0, dp: 0 }
    const F = targetFeatures(layout).all
    history.values.forEach((value, t) => {
      const index = history.start + t
      if (t < lead) return
      observe(table, 0, index, value, trace)
      observeCovariates(table, 0, index, history.covariates ?? [], 2 * t)
      const I = stepWidth(layout)
      const inputs = new Float32Array(I)
      stepInputs(table, 0, index, history.ts[t]!, value === value, trace, inputs, 0)
      const step = t - lead
      assert.deepEqual(encoded.inputs.subarray(step * I, (step + 1) * I), inputs)
      if (t < from || value !== value) return
      const features = new Float32Array(SHAPE.horizon * F)
      seasonalDrift(table, 0, index, drift)
      const view = {
        x: table.f32,
        xAt: 0,
        xSize: layout.ringSize,
        p1: table.f32,
        p1At: layout.p1,
        p1Size: 8,
        p7: table.f32,
        p7At: layout.p7,
        p7Size: 24,
      }
      const [mean, scale] = [table.mean(0), table.scale(0)]
      headFeatures(target, view, index, history.ts[t]!, mean, scale, drift, false, features, 0)
      const ahead = history.ahead?.subarray(t + 1, t + 1 + SHAPE.horizon) ?? new Float32Array()
      const at = targetFeatures(layout).covariates
      covariateFeatures(target, rowCovariates(table, 0), index, ahead, 0, features, at, F)
      buffers.fill(encoded, step, encoded.length)
      features.forEach((value, i) =>
        assert.ok(Math.abs(value - buffers.features[i]!) < 1e-5, `step ${t}, feature ${i}`),
      )
    })
  })
}

test('nothing of a step depends on what comes after it', () => {
  const whole = syntheticSeries('a', 150, 2)
  const cut = { ...whole, values: whole.values.slice(0, 90), ts: whole.ts.slice(0, 90) }
  const [a, b] = [encodeHistory(layout, whole, 0)!, encodeHistory(layout, cut, 0)!]
  assert.deepEqual(a.inputs.slice(0, 90 * 13), b.inputs)
  assert.deepEqual(a.view.x.slice(0, 90), b.view.x)
  assert.deepEqual(a.view.p7.slice(0, 90), b.view.p7)
})

test('targets are the coming values in the scale of the origin; missing and later ones are masked', () => {
  const history = withGaps(syntheticSeries('a', 100, 3), 11)
  const encoded = encodeHistory(layout, history, 1)!
  const lead = history.values.length - encoded.length
  const buffers = new OriginBuffers(networkSpec([history], SHAPE, model), new TargetIndex(layout))
  const end = 70
  for (let step = 30; step < 70; step++) {
    buffers.fill(encoded, step, end)
    for (let k = 1; k <= SHAPE.horizon; k++) {
      const value = history.values[lead + step + k]!
      const known = step + k < end && value === value
      assert.equal(buffers.mask[k - 1], known ? 1 : 0)
      const z = known ? (value - encoded.mean[step]!) / encoded.scale[step]! : 0
      assert.ok(Math.abs(buffers.target[k - 1]! - z) < 1e-4)
    }
  }
})

test('a history without a value has nothing to teach', () => {
  const history = syntheticSeries('a', 10, 1)
  assert.equal(encodeHistory(layout, { ...history, values: history.values.fill(NaN) }, 0), null)
})
