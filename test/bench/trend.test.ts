import assert from 'node:assert/strict'
import { test } from 'node:test'
import { trend } from '../../bench/trend.js'
import { Random } from '../../src/model/random.js'

/** 60 points along a line of that slope, with noise, and a tenth of them far above it. */
function points(slope: number, random: Random): { x: number; y: number }[] {
  return Array.from({ length: 60 }, (_, i) => {
    const x = i / 60
    return { x, y: 100 + slope * x + 0.3 * random.normal() + (i % 10 === 3 ? 20 : 0) }
  })
}

test('a slope is found beside points that stand out, within an interval that holds it about 19 times of 20', () => {
  const random = new Random(1)
  for (const slope of [0, 5]) {
    let held = 0
    for (let run = 0; run < 200; run++) {
      const found = trend(points(slope, random))
      assert.ok(Math.abs(found.slope - slope) < 1, String(found.slope))
      assert.ok(found.low <= found.slope && found.slope <= found.high)
      if (found.low <= slope && slope <= found.high) held++
    }
    assert.ok(held > 180, `held ${held} times of 200`)
  }
})
