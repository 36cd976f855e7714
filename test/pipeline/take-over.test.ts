import assert from 'node:assert/strict'
import { test } from 'node:test'
import { F64, F64_WIDTH } from '../../src/core/layout.js'
import { networkModel, type ActiveModel } from '../../src/pipeline/active-model.js'
import { randomNetwork } from '../support/pinned-network.js'
import { PartitionAtWork } from '../support/partition-at-work.js'
import { pipelineConfig } from '../support/pipeline-config.js'
import { randomRows } from '../support/random-rows.js'
import { seeded } from '../support/run-options.js'
import { assertSameForecasts } from '../support/same-outcome.js'
import { sharedEngine } from '../support/shared-engine.js'
import type { Row } from '../support/household.js'

const config = pipelineConfig('p', {
  interval: '1m',
  season: [12, 24],
  horizon: 6,
  gaps: { maxSteps: 5 },
  model: { hidden: 8, warmUp: 4 },
})
/** More than a slice takes, and more than the tables begin with. */
const SHAPE = { series: 80, steps: 70, nulls: 0.03, holes: 0.05, breaks: 0.01, break: 30 }
const SERIES = Array.from({ length: SHAPE.series }, (_, i) => `s${i}`)
/** Known to the networks, and there from the beginning; the others come one after the other. */
const KNOWN = 60
const CHUNKS = 7
const PREPARED_AFTER = 3

interface State {
  readonly hidden: Float32Array
  readonly warm: number
}

async function networkOf(version: number): Promise<ActiveModel> {
  const { spec, weights } = randomNetwork(config, SERIES.slice(0, KNOWN), { seed: version })
  return networkModel(version, await (await sharedEngine()).load(spec, weights), -Infinity)
}

function statesOf({ states }: PartitionAtWork): Map<string, State> {
  const width = states.hiddenSize
  return new Map(
    [...states.slots.entries()].map(([series, slot]) => [
      series,
      {
        hidden: states.hidden.slice(slot * width, (slot + 1) * width),
        warm: states.table.f64[slot * F64_WIDTH + F64.warm]!,
      },
    ]),
  )
}

function same(one: Float32Array, other: Float32Array): boolean {
  return one.every((h, i) => Math.abs(h - other[i]!) < 1e-5)
}

test('a network that takes over has taken every step since its states were made, and until then the one in use forecasts as if there were no other', async (t) => {
  const { random } = seeded(t)
  const all = randomRows(random, SHAPE).filter(({ series, ts }, _, [first]) => {
    const late = Number(series.slice(1)) - KNOWN
    return late < 0 || ts - first!.ts > late * 2 * 60_000
  })
  const size = Math.ceil(all.length / CHUNKS)
  const chunks = Array.from({ length: CHUNKS }, (_, i): Row[] => all.slice(i * size, (i + 1) * size))
  const first = await networkOf(1)
  const next = await networkOf(2)
  const serve = async (
    swapAfter: number,
    prepareAfter: number,
  ): Promise<{ before: number; states: Map<string, State>; work: PartitionAtWork }> => {
    const work = await PartitionAtWork.open(config, first.network)
    let preparing: Promise<void> | undefined
    let before = 0
    for (let i = 0; i <= CHUNKS; i++) {
      if (i === prepareAfter) preparing = work.prepare(next)
      if (i === swapAfter) {
        await preparing
        before = (await work.outputs()).length
        await work.swap(next)
      }
      if (i < CHUNKS) await work.append(chunks[i]!)
      // One batch each, since states are made between batches.
      await work.consume(() => size)
    }
    return { before, states: statesOf(work), work }
  }
  // At once, between any two chunks: every state that is right for one that was made then.
  const right: Map<string, State>[] = []
  for (let chunk = PREPARED_AFTER; chunk <= CHUNKS - 1; chunk++) {
    const { states, work } = await serve(chunk, Infinity)
    right.push(states)
    await work.close()
  }
  const { before, states, work } = await serve(CHUNKS - 1, PREPARED_AFTER)
  const control = await serve(Infinity, Infinity)
  try {
    const undisturbed = (await control.work.outputs()).slice(0, before)
    assertSameForecasts((await work.outputs()).slice(0, before), undisturbed)
    assert.deepEqual([...states.keys()].sort(), [...right[0]!.keys()].sort())
    const made = new Set<number>()
    for (const [series, { hidden, warm }] of states) {
      const chunk = right.findIndex((one) => same(hidden, one.get(series)!.hidden))
      assert.notEqual(chunk, -1, `the state of ${series} is none of those that it might have`)
      made.add(chunk)
      assert.ok(warm <= right.at(-1)!.get(series)!.warm, 'what was forecast before does not count')
    }
    t.diagnostic(`states made in chunks ${[...made].join(' ')}`)
  } finally {
    await work.close()
    await control.work.close()
  }
})

test('a take-over stores no more at once than another snapshot does; after a crash the rest is made anew, to the same states', async () => {
  const series = Array.from({ length: 1200 }, (_, i) => `s${i}`)
  const hour = (n: number): Row[] =>
    series.map((name, i) => ({ series: name, ts: n * 60_000, value: Math.sin(n + i) }))
  const next = await networkOf(2)
  const outcomes: Map<string, State>[] = []
  for (const crashes of [false, true]) {
    let now = 0
    // A clock by which a snapshot is due with every batch.
    const work = await PartitionAtWork.open(config, (await networkOf(1)).network, {
      now: () => (now += 60_000),
    })
    try {
      await work.append([1, 2, 3].flatMap(hour))
      await work.consume()
      await work.prepare(next)
      await work.swap(next)
      assert.deepEqual(work.apart, [1000])
      if (crashes) await work.crash()
      await work.append(hour(5))
      await work.consume()
      outcomes.push(statesOf(work))
    } finally {
      await work.close()
    }
  }
  const [undisturbed, crashed] = outcomes
  assert.equal(crashed!.size, series.length)
  for (const [name, { hidden }] of crashed!) assert.ok(same(hidden, undisturbed!.get(name)!.hidden), name)
})
