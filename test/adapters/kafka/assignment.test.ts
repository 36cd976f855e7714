import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '../../support/properties.js'
import { assignPartitions, type MemberClaim } from '../../../src/adapters/kafka/assignment.js'

const claim = (owned: readonly number[] = [], declined: readonly number[] = []): MemberClaim => ({
  owned,
  declined,
})

function assigned(
  partitions: number,
  claims: Readonly<Record<string, MemberClaim>>,
): Record<string, number[]> {
  const given = assignPartitions(partitions, new Map(Object.entries(claims)))
  return Object.fromEntries([...given].map(([member, list]) => [member, list.sort((a, b) => a - b)]))
}

test('a second member gets half, and the first keeps what it goes on holding', () => {
  assert.deepEqual(assigned(4, { a: claim([0, 1, 2, 3]), b: claim() }), { a: [0, 1], b: [2, 3] })
  assert.deepEqual(assigned(4, { a: claim([1, 3]), b: claim([0, 2]) }), { a: [1, 3], b: [0, 2] })
})

test('the partitions of a member that left go to those who have least', () => {
  assert.deepEqual(assigned(3, { a: claim([0]), b: claim() }), { a: [0, 2], b: [1] })
})

test('a partition that was given back goes to another member, or to nobody', () => {
  assert.deepEqual(assigned(2, { a: claim([], [0]) }), { a: [1] })
  assert.deepEqual(assigned(2, { a: claim([1], [0]), b: claim() }), { a: [1], b: [0] })
})

test('every partition has one owner, and nobody has more than its share, whatever the members claim', () => {
  const partitions = fc.integer({ min: 1, max: 12 })
  const owned = fc.array(fc.uniqueArray(fc.integer({ min: 0, max: 15 })), { minLength: 1, maxLength: 5 })
  fc.assert(
    fc.property(partitions, owned, (count, lists) => {
      const claims = new Map(lists.map((list, i) => [`m${i}`, claim(list)]))
      const given = [...assignPartitions(count, claims).values()]
      assert.deepEqual(
        given.flat().sort((a, b) => a - b),
        Array.from({ length: count }, (_, i) => i),
      )
      const sizes = given.map(({ length }) => length)
      assert.ok(Math.max(...sizes) <= Math.ceil(count / lists.length))
    }),
  )
})
