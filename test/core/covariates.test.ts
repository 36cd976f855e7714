import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  covariateFeatures,
  covariateInputs,
  observeCovariates,
  rowCovariates,
} from '../../src/core/covariates.js'
import { skipGap } from '../../src/core/gap.js'
import { GridAligner } from '../../src/core/grid.js'
import { StateLayout } from '../../src/core/layout.js'
import { observe } from '../../src/core/observe.js'
import { RowCodec } from '../../src/core/row-codec.js'
import { RowConversion } from '../../src/core/row-conversion.js'
import { SeriesTable } from '../../src/core/series-table.js'
import { StepList } from '../../src/core/steps.js'
import { TargetIndex } from '../../src/core/target-index.js'
import fc from '../support/properties.js'

const HOUR = 3_600_000
const SHAPE = {
  ...{ interval: HOUR, season: { short: 4, long: 12 }, horizon: 6, quantiles: [0.1, 0.5, 0.9] },
  ...{ covariates: ['temperature', 'wind'], futureCovariates: { names: ['temperature'] } },
}
const layout = new StateLayout(SHAPE)

function run(covariates: readonly (readonly [number, number])[], shape: typeof SHAPE = SHAPE): SeriesTable {
  const table = new SeriesTable(new StateLayout(shape), 1)
  table.reset(0)
  const trace = { p7Before: 0, step: 0 }
  covariates.forEach((one, t) => {
    observe(table, 0, t, t, trace)
    observeCovariates(table, 0, t, one, 0)
  })
  return table
}

const readings = fc.array(fc.tuple(fc.integer({ min: -300, max: 400 }), fc.integer({ min: 0, max: 90 })), {
  minLength: 20,
  maxLength: 60,
})

test('an input is how far a covariate lies from its mean, in standard deviations, and whether it is known', () => {
  fc.assert(
    fc.property(readings, (rows) => {
      const table = run(rows.map(([t, w]) => [t / 10, w]))
      const out = new Float32Array(4)
      covariateInputs(table, 0, rows.length - 1, out, 0)
      // So few of them are far from the half-life: the scaler's mean and variance are about the plain ones.
      const all = rows.map(([t]) => t / 10)
      const mean = all.reduce((a, b) => a + b) / all.length
      const deviation = Math.sqrt(all.reduce((sum, x) => sum + (x - mean) ** 2, 0) / all.length)
      const z = (all.at(-1)! - mean) / (deviation || 1)
      if (deviation > 5) assert.ok(Math.abs(out[0]! - z) < 0.8, `${out[0]} is not ${z}`)
      assert.equal(out[1], 1)
      assert.ok(out.every((x) => Math.abs(x) <= 6))
    }),
  )
})

test('a missing covariate is masked, and moves no scaler', () => {
  const before = run([
    [20, 3],
    [22, 4],
    [18, 5],
  ])
  const after = run([
    [20, 3],
    [22, 4],
    [18, 5],
    [NaN, NaN],
  ])
  const out = new Float32Array(4)
  covariateInputs(after, 0, 3, out, 0)
  assert.deepEqual([...out], [0, 0, 0, 0])
  const scalers = (table: SeriesTable): number[] =>
    [0, 1].flatMap((c) => {
      const at = layout.covariates + c * layout.covariateWidth + layout.ringSize
      return [...table.f32.subarray(at, at + 5)]
    })
  assert.deepEqual(scalers(after), scalers(before))
})

test('a target shows what is known of it, and its distance from one season before; nothing of it where nothing is', () => {
  const table = run(Array.from({ length: 30 }, (_, t) => [10 + Math.sin(t), t] as const))
  const target = new TargetIndex(layout)
  const width = 4
  const out = new Float32Array(6 * width)
  const ahead = Float32Array.from([12, NaN, 9, 10, 11, 8])
  covariateFeatures(target, rowCovariates(table, 0), 29, ahead, 0, out, 0, width)
  const scaler = layout.covariates + layout.ringSize
  const [mean, deviation] = [table.f32[scaler]!, Math.sqrt(table.f32[scaler + 1]!)]
  const close = (actual: number, expected: number): void =>
    assert.ok(Math.abs(actual - expected) < 1e-5, `${actual} is not ${expected}`)
  for (const h of [0, 2, 3, 4, 5]) {
    const [z, known, short, long] = out.subarray(h * width, (h + 1) * width)
    close(z!, (ahead[h]! - mean) / deviation)
    close(known!, 1)
    // One short season (4) before, or two where that lies ahead; one long season (12) before.
    const before = 29 + h + 1 - (h < 4 ? 4 : 8)
    close(short!, Math.max(-6, Math.min(6, (ahead[h]! - Math.fround(10 + Math.sin(before))) / deviation)))
    close(
      long!,
      Math.max(-6, Math.min(6, (ahead[h]! - Math.fround(10 + Math.sin(29 + h + 1 - 12))) / deviation)),
    )
  }
  assert.deepEqual([...out.subarray(width, 2 * width)], [0, 0, 0, 0])
})

test('over a long gap nothing of what was before it is taken for what is one season back', () => {
  const table = run(Array.from({ length: 30 }, (_, t) => [t, t] as const))
  skipGap(table, 0, 230, 200)
  const ring = table.f32.subarray(layout.covariates, layout.covariates + layout.ringSize)
  assert.ok(ring.every((value) => Number.isNaN(value)))
})

test('of the readings in an interval the mean of each covariate counts, or the last', () => {
  for (const [aggregate, expected] of [
    ['sum', [21, 4]],
    ['mean', [21, 4]],
    ['last', [22, 5]],
  ] as const) {
    const table = new SeriesTable(layout, 1)
    table.reset(0)
    const steps = new StepList(2)
    const grid = new GridAligner(
      { interval: HOUR, aggregate, allowedLateness: 0, maxGapSteps: 48 },
      table,
      steps,
    )
    grid.accept(0, 0, 1, 0, [20, 3])
    grid.accept(0, 60_000, 2, 1, [22, NaN])
    grid.accept(0, 120_000, 3, 2, [NaN, 5])
    grid.accept(0, HOUR, 4, 3, [99, 99])
    assert.deepEqual([...steps.covariates.subarray(0, 2)], expected, aggregate)
  }
})

test('a stored row comes back whole, and one of other covariates keeps those that both have', () => {
  const table = run(Array.from({ length: 30 }, (_, t) => [t, 2 * t] as const))
  const bytes = new RowCodec(table, 3).write(0, new Float32Array(3))
  const same = new SeriesTable(layout, 1)
  assert.ok(new RowCodec(same, 3).read(0, new Float32Array(3), bytes))
  assert.deepEqual(same.f32, table.f32)

  const other = new StateLayout({
    ...SHAPE,
    covariates: ['wind', 'rain', 'sun'],
    futureCovariates: { names: [] },
  })
  const converted = new RowConversion({ layout, hidden: 3 }, { layout: other, hidden: 3 }).convert(bytes)
  const into = new SeriesTable(other, 1)
  assert.ok(new RowCodec(into, 3).read(0, new Float32Array(3), converted))
  const part = (of: SeriesTable, c: number): Float32Array => {
    const at = of.layout.covariates + c * of.layout.covariateWidth
    return of.f32.subarray(at, at + of.layout.covariateWidth)
  }
  assert.deepEqual(part(into, 0), part(table, 1))
  const { ringSize } = other
  assert.ok(part(into, 1).subarray(0, ringSize).every(Number.isNaN))
  assert.deepEqual([...part(into, 1).subarray(ringSize)], [0, 0, 0, 0, 0])
  // The rest of the row is what it was.
  assert.deepEqual(into.f32.subarray(0, other.widths), table.f32.subarray(0, layout.widths))
})
