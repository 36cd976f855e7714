import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sortInTurns } from '../../src/core/sort-in-turns.js'
import { Random } from '../../src/model/random.js'

for (const length of [0, 1, 1023, 1024, 1025, 3 * 1024, 10_000]) {
  test(`${length} entries are sorted as Array.sort would, equal ones in their order`, () => {
    const random = new Random(length + 1)
    const keys = Array.from({ length }, () => Math.floor(random.uniform() * 50))
    const compare = (a: number, b: number): number => keys[a]! - keys[b]!
    const order = Uint32Array.from(keys.keys())
    let pieces = 0
    for (const piece of sortInTurns(order, compare)) {
      assert.equal(piece, undefined)
      pieces++
    }
    assert.deepEqual([...order], [...keys.keys()].sort(compare))
    assert.ok(pieces >= Math.floor(length / 8192), 'the work comes in pieces')
  })
}
