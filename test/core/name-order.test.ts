import assert from 'node:assert/strict'
import { test } from 'node:test'
import { orderOfNames } from '../../src/core/name-order.js'
import fc from '../support/properties.js'

function sorted(names: readonly string[]): string[] {
  const work = orderOfNames(names)
  for (;;) {
    const step = work.next()
    if (step.done === true) return [...step.value].map((number) => names[number]!)
  }
}

const letter = fc.constantFrom(
  'a',
  'b',
  '0',
  '9',
  '-',
  '~',
  '\u007f',
  '\u0000',
  'é',
  'ö',
  '北',
  '🌊',
  '\ud83c',
)
const name = fc
  .tuple(fc.constantFrom('', 'meter-', 'söd/', '🌊🌊'), fc.array(letter, { maxLength: 12 }))
  .map(([head, tail]) => head + tail.join(''))

test('names come in the order of their code units, whatever they begin with and whatever is in them', () => {
  fc.assert(
    fc.property(fc.array(name, { maxLength: 60 }), (names) => {
      assert.deepEqual(sorted(names), [...names].sort())
    }),
  )
})

test('names that all begin alike, up to the whole of one of them', () => {
  const names = ['series-10', 'series-', 'series-2', 'series-1', 'series-10 ']
  assert.deepEqual(sorted(names), ['series-', 'series-1', 'series-10', 'series-10 ', 'series-2'])
  assert.deepEqual(sorted([]), [])
})
