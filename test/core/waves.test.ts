import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '../support/properties.js'
import { StepList } from '../../src/core/steps.js'
import { MAX_WAVES, WavePlan } from '../../src/core/waves.js'

function listOf(steps: readonly { readonly slot: number; readonly observed: boolean }[]): StepList {
  const list = new StepList()
  steps.forEach(({ slot, observed }, i) => list.push(slot, i, i, observed ? i : NaN, 0, i))
  return list
}

const stepLists = fc.array(fc.record({ slot: fc.nat(30), observed: fc.boolean() }), { maxLength: 400 })

test('every step is in one wave of one part, its series at most once in a wave and in its order, observed steps first', () => {
  fc.assert(
    fc.property(stepLists, fc.integer({ min: 1, max: 120 }), (steps, capacity) => {
      const list = listOf(steps)
      const plan = new WavePlan()
      let from = 0
      while (from < list.length) {
        plan.plan(list, from, capacity, 31)
        assert.equal(plan.from, from)
        assert.ok(plan.to > plan.from && plan.to - plan.from <= capacity)
        const stepAt = new Map<number, number>()
        for (let i = plan.from; i < plan.to; i++) stepAt.set(plan.rows[i - plan.from]!, i)
        assert.equal(stepAt.size, plan.to - plan.from) // no two steps share a row
        const last = new Map<number, number>()
        let row = 0
        for (const { start, rows, observed } of plan.waves) {
          assert.equal(start, row)
          const slots = new Set<number>()
          for (; row < start + rows; row++) {
            const step = stepAt.get(row)!
            const { slot } = steps[step]!
            assert.ok(!slots.has(slot))
            slots.add(slot)
            assert.ok((last.get(slot) ?? -1) < step)
            last.set(slot, step)
            assert.equal(steps[step]!.observed, row < start + observed)
          }
        }
        assert.equal(row, plan.to - plan.from)
        from = plan.to
      }
    }),
  )
})

test('a part ends before a series would be stepped further than the ring holds', () => {
  const plan = new WavePlan()
  const list = listOf(Array.from({ length: 2 * MAX_WAVES + 1 }, () => ({ slot: 0, observed: true })))
  plan.plan(list, 0, 1000, 1)
  assert.deepEqual([plan.to, plan.waves.length], [MAX_WAVES, MAX_WAVES])
  plan.plan(list, 2 * MAX_WAVES, 1000, 1)
  assert.deepEqual([plan.to, plan.waves.length], [2 * MAX_WAVES + 1, 1])
})

test('series beyond those that a plan had room for are placed as the others', () => {
  const plan = new WavePlan()
  plan.plan(listOf([{ slot: 3, observed: true }]), 0, 10, 4)
  const slots = [5000, 3, 5000, 70_000]
  plan.plan(listOf(slots.map((slot) => ({ slot, observed: true }))), 0, 10, 70_001)
  assert.deepEqual(
    plan.waves.map(({ rows }) => rows),
    [3, 1],
  )
})
