import assert from 'node:assert/strict'
import { decimalsFor } from '../../src/core/decimals.js'
import type { Published } from './outputs.js'
import { COMPARED, type StoredState } from './stored-states.js'

const RELATIVE = 1e-5
/** Calibrated bounds: rounding may flip one decision between inside and outside. */
const OF_WIDTH = 0.05

/** Hidden states, scalers and rings of two runs over the same records. */
export function assertSameStates(
  actual: ReadonlyMap<string, StoredState>,
  expected: ReadonlyMap<string, StoredState>,
): void {
  assert.deepEqual([...actual.keys()].sort(), [...expected.keys()].sort())
  for (const [series, one] of actual) {
    const other = expected.get(series)!
    assert.equal(one.model, other.model)
    for (const place of COMPARED) {
      const wanted = other.wide[place]!
      near(one.wide[place]!, wanted, RELATIVE * Math.abs(wanted), `${series}: place ${place} of the scaler`)
    }
    // Relative to the vector: a component near zero has no digits of its own.
    const size = Math.max(...other.hidden.map(Math.abs))
    assert.ok(size > 0, `${series}: the hidden state is in use`)
    one.hidden.forEach((h, i) => near(h, other.hidden[i]!, RELATIVE * size, `${series}: hidden state ${i}`))
    assert.deepEqual(one.ring, other.ring, `${series}: ring`)
  }
}

/** Two forecasts of the same series from the same origin. Published figures are rounded: one unit of the last digit is let pass. */
export function assertSameForecast(actual: Published, expected: Published, scale: number): void {
  const { series, origin, model, quantiles } = expected
  assert.deepEqual(
    { series: actual.series, origin: actual.origin, model: actual.model },
    { series, origin, model },
  )
  const digit = 1.01 * 10 ** -decimalsFor(scale)
  const levels = Object.keys(quantiles)
  const lower = quantiles[levels[0]!]!
  const upper = quantiles[levels.at(-1)!]!
  for (const level of levels) {
    quantiles[level]!.forEach((wanted, h) => {
      const width = upper[h]! - lower[h]!
      const tolerance = level === '0.5' ? RELATIVE * Math.max(Math.abs(wanted), scale) : OF_WIDTH * width
      near(
        actual.quantiles[level]![h]!,
        wanted,
        tolerance + digit,
        `${series}: quantile ${level}, step ${h + 1}`,
      )
    })
  }
}

/**
 * The same forecasts of each series, in the same order, in every figure. How the series take turns is left open.
 * @param figures which quantiles are to be compared of a forecast; default all
 */
export function assertSameForecasts(
  actual: readonly Published[],
  expected: readonly Published[],
  figures: (forecast: Published) => readonly string[] = ({ quantiles }) => Object.keys(quantiles),
): void {
  assert.ok(expected.length > 0)
  const ordered = (forecasts: readonly Published[]): Published[] =>
    [...forecasts].sort((a, b) => (a.series < b.series ? -1 : a.series > b.series ? 1 : 0))
  const wanted = ordered(expected)
  const nameOf = ({ series, origin, model }: Published): string => `${series} ${origin} ${model}`
  assert.deepEqual(ordered(actual).map(nameOf), wanted.map(nameOf))
  ordered(actual).forEach((forecast, i) => {
    const other = wanted[i]!.quantiles
    const all = Object.values(other).flat()
    // Figures are rounded to a hundred-thousandth of the scale, which a forecast's spread is not far below.
    const size = Math.max(...all.map(Math.abs)) + Math.max(...all) - Math.min(...all)
    for (const level of figures(forecast)) {
      forecast.quantiles[level]!.forEach((value, h) =>
        near(
          value,
          other[level]![h]!,
          RELATIVE * size + 1e-9,
          `${nameOf(forecast)}: ${level}, step ${h + 1}`,
        ),
      )
    }
  })
}

function near(actual: number, expected: number, tolerance: number, what: string): void {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${what}: ${actual}, expected ${expected}`)
}
