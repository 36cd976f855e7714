import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '../support/properties.js'
import { SlotDirectory } from '../../src/core/slots.js'

const operations = fc.array(
  fc.record({
    kind: fc.constantFrom('use', 'use', 'use', 'remove', 'evict'),
    series: fc.nat(40).map(String),
  }),
  { maxLength: 300 },
)

test('a directory finds its series, in the order of their use, and never gives a slot to two', () => {
  fc.assert(
    fc.property(operations, (list) => {
      const directory = new SlotDirectory(2)
      const recent: string[] = [] // the model: least recently used first
      for (const { kind, series } of list) {
        const slot = directory.find(series)
        assert.equal(slot !== undefined, recent.includes(series))
        if (kind === 'use') {
          if (slot === undefined) directory.add(series)
          else {
            directory.touch(slot)
            recent.splice(recent.indexOf(series), 1)
          }
          recent.push(series)
        } else if (kind === 'remove' && slot !== undefined) {
          directory.remove(slot)
          recent.splice(recent.indexOf(series), 1)
        } else if (kind === 'evict') {
          for (const oldest of directory.leastRecent()) {
            if (directory.size <= 5) break
            directory.remove(oldest)
          }
          recent.splice(0, Math.max(0, recent.length - 5))
        }
        assert.equal(directory.size, recent.length)
        assert.deepEqual(
          [...directory.leastRecent()].map((each) => directory.name(each)),
          recent,
        )
        assert.equal(new Set([...directory.entries()].map(([, each]) => each)).size, recent.length)
      }
      for (const [series, slot] of directory.entries()) assert.equal(directory.name(slot), series)
      assert.ok(directory.extent <= 41, 'freed slots are used again')
    }),
  )
})

test('a slot that was freed is given to the next series', () => {
  const directory = new SlotDirectory(4)
  directory.add('a')
  const slot = directory.add('b')
  directory.remove(slot)
  assert.equal(directory.find('b'), undefined)
  assert.equal(directory.add('c'), slot)
  assert.equal(directory.extent, 2)
})
