import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Random } from '../../src/model/random.js'
import { weightLayout } from '../../src/model/weights.js'
import type { LoadedNetwork } from '../../src/ports/engine.js'
import type { Row } from '../support/household.js'
import { PartitionAtWork } from '../support/partition-at-work.js'
import { randomNetwork } from '../support/pinned-network.js'
import { pipelineConfig } from '../support/pipeline-config.js'
import { randomRows, reinterleaved } from '../support/random-rows.js'
import { long, seeded } from '../support/run-options.js'
import { sharedEngine } from '../support/shared-engine.js'

const MIXTURES = long ? 50 : 3
const MAX_STEPS = 5
const WIDTH = 4
const SERIES = Array.from({ length: 12 }, (_, i) => `s${i}`)
const SHAPE = { series: SERIES.length, steps: 150, nulls: 0.03, holes: 0.05, breaks: 0.02, break: 30 }

const settings = {
  interval: '1m',
  season: [12, 24],
  horizon: 3,
  gaps: { maxSteps: MAX_STEPS },
  model: { cell: 'rnn', activation: 'relu', layers: 2, hidden: WIDTH, warmUp: 4 },
}

/**
 * A cell that adds up, h′ = h + x, in whole numbers: the first layer ends at n · (number of the series, 1) after n steps, the
 * second at n (n + 1) / 2 of it. A state that was stepped twice, not at all, from another's row or with another's input
 * does not fit these.
 */
async function accumulator(): Promise<LoadedNetwork> {
  const { spec } = randomNetwork(pipelineConfig('p', settings), SERIES)
  const { entries, size } = weightLayout(spec)
  const weights = new Float32Array(size)
  const at = (name: string): number => entries.find((entry) => entry.name === name)!.offset
  SERIES.forEach((_, i) => weights.set([i + 1, 1], at('embedding') + i * spec.embedding))
  const first = spec.inputs + spec.embedding
  for (let j = 0; j < WIDTH; j++) {
    weights[at('rnn0.kernel') + (first + j) * WIDTH + j] = 1
    weights[at('rnn1.kernel') + j * WIDTH + j] = 1
    weights[at('rnn1.kernel') + (WIDTH + j) * WIDTH + j] = 1
  }
  for (const j of [0, 1]) weights[at('rnn0.kernel') + (spec.inputs + j) * WIDTH + j] = 1
  return (await sharedEngine()).load(spec, weights)
}

/** Steps that each series has taken since its state last started from zero. */
function stepsOf(rows: readonly Row[]): Map<string, number> {
  const steps = new Map<string, number>()
  const last = new Map<string, number>()
  for (const { series, ts, value } of rows) {
    const before = last.get(series)
    if (before === undefined && value === null) continue // nothing to fill it with yet
    const passed = before === undefined ? Infinity : (ts - before) / 60_000
    steps.set(series, passed > MAX_STEPS + 1 ? 1 : steps.get(series)! + passed)
    last.set(series, ts)
  }
  return steps
}

/** Of every series in memory; result their counts of steps. */
function assertUnmixed(work: PartitionAtWork): Map<string, number> {
  const { hidden, slots, hiddenSize } = work.states
  const counts = new Map<string, number>()
  for (const [series, slot] of slots.entries()) {
    const h = [...hidden.subarray(slot * hiddenSize, (slot + 1) * hiddenSize)]
    const n = h[1]!
    const id = SERIES.indexOf(series) + 1
    const sum = (n * (n + 1)) / 2
    assert.deepEqual(h, [id * n, n, 0, 0, id * sum, sum, 0, 0], series)
    counts.set(series, n)
  }
  return counts
}

for (const [name, more] of Object.entries({
  'all series in memory': {},
  'room for four of twelve': { state: { maxResidentSeries: 4 } },
})) {
  test(`every step of every series lands in its own state, once: ${name}`, async (t) => {
    const { random } = seeded(t)
    const network = await accumulator()
    const config = pipelineConfig('p', { ...settings, ...more })
    for (let mixture = 0; mixture < MIXTURES; mixture++) {
      const rows = reinterleaved(random, randomRows(random, SHAPE))
      const work = await PartitionAtWork.open(config, network)
      try {
        await work.append(rows)
        let batches = 0
        let complete = Promise.resolve()
        await work.consume(anySize(random), async () => {
          assertUnmixed(work)
          if (++batches % 5 !== 0) return
          await work[batches % 2 === 0 ? 'crash' : 'restart']()
          complete = work.complete()
        })
        await complete
        const expected = stepsOf(rows)
        const counts = assertUnmixed(work)
        assert.ok(counts.size > 0)
        for (const [series, n] of counts) assert.equal(n, expected.get(series), series)
      } finally {
        await work.close()
      }
    }
  })
}

/** From one record to 500, each order of magnitude as often. */
function anySize(random: Random): () => number {
  return () => Math.ceil(500 ** random.uniform())
}
