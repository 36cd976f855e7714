import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Random } from '../../src/model/random.js'
import { tokenSpec } from '../../src/model/symbol-network.js'
import { initialTokenWeights } from '../../src/model/token-network.js'
import { continuation } from '../../src/pipeline/continuation.js'
import type { LoadedNetwork } from '../../src/ports/engine.js'
import { symbolSpec } from '../../src/training/symbols/train.js'
import { PartitionAtWork } from '../support/partition-at-work.js'
import { pipelineConfig } from '../support/pipeline-config.js'
import { seeded } from '../support/run-options.js'
import { sharedEngine } from '../support/shared-engine.js'

const config = pipelineConfig('words', {
  kind: 'symbols',
  symbols: { maxVocabulary: 8, top: 12 },
  model: { cell: 'lstm', hidden: 12, layers: 2, residual: true, warmUp: 5 },
  state: { snapshotEvery: '100ms', maxResidentSeries: 3 },
  training: { enabled: false },
})
const KNOWN = ['never', 'a', 'b', 'c', 'd', 'e']
const SERIES = ['s0', 's1', 's2', 's3', 's4']
const START = Date.parse('2026-01-01T00:00:00Z')
/** As good as the likeliest symbol each time. */
const GREEDY = 1e-6

interface Observation {
  readonly series: string
  readonly ts: number
  readonly value: string | null
}

interface Named {
  readonly series: string
  readonly origin: string
  readonly symbols: readonly { readonly symbol: string; readonly probability: number }[]
}

/** Each series a walk of its own, with some missing symbols; every fifth observation is of the same one. */
function observations(random: Random, count: number): Observation[] {
  const at = new Int32Array(SERIES.length)
  return Array.from({ length: count }, (_, i) => {
    const s = i % SERIES.length
    at[s] = random.uniform() < 0.2 ? random.integer(7) : (at[s]! + 1 + s) % 7
    return { series: SERIES[s]!, ts: START + i, value: random.uniform() < 0.05 ? null : 'abcdefg'[at[s]]! }
  })
}

async function network(): Promise<LoadedNetwork> {
  const spec = symbolSpec(KNOWN, config.model)
  const weights = initialTokenWeights(tokenSpec(spec), new Random(9)).map((weight) => 2 * weight)
  return (await sharedEngine()).load(spec, weights)
}

async function feed(work: PartitionAtWork, rows: readonly Observation[]): Promise<void> {
  await work.appendRecords(
    rows.map(({ series, ts, value }) => ({
      topic: config.topic,
      timestamp: ts,
      key: Buffer.from(series),
      value: Buffer.from(JSON.stringify({ ts, value })),
    })),
  )
  await work.consume()
}

async function published(work: PartitionAtWork): Promise<Named[]> {
  const records = await work.records(config.output)
  return records.map(({ value }) => JSON.parse(Buffer.from(value!).toString()) as Named)
}

async function draw(work: PartitionAtWork, series: string, length: number, temperature: number, seed = 1) {
  const branch = await work.branch(series)
  assert.ok(branch !== null, series)
  return continuation(branch, { length, temperature, seed })
}

for (const by of ['lstm@1', 'baseline@1']) {
  const open = async (): Promise<PartitionAtWork> =>
    PartitionAtWork.open(config, by === 'baseline@1' ? null : await network())

  test(`by ${by}: what is drawn goes on from the carried state, as if it had come`, async (t) => {
    const { random } = seeded(t)
    const work = await open()
    try {
      await feed(work, observations(random, 500))
      const ts = START + 1000
      await feed(work, [{ series: 's4', ts, value: 'a' }])
      const drawn = await draw(work, 's4', 12, GREEDY)
      assert.deepEqual([drawn.model, drawn.origin], [by, new Date(ts).toISOString()])
      // The baseline learns from what comes, and not from what is drawn: only its first symbol is the same.
      const same = by === 'baseline@1' ? 1 : drawn.symbols.length
      for (const [i, symbol] of drawn.symbols.slice(0, same).entries()) {
        const { symbols } = (await published(work)).at(-1)!
        const given = symbols.find((named) => named.symbol === symbol)?.probability
        assert.equal(given, symbols[0]!.probability, `symbol ${i}`)
        await feed(work, [{ series: 's4', ts: ts + 1 + i, value: symbol }])
      }
    } finally {
      await work.close()
    }
  })

  test(`by ${by}: to draw leaves every state bitwise as it is, resident or stored, and the seed decides`, async (t) => {
    const { random } = seeded(t)
    const work = await open()
    try {
      await feed(work, observations(random, 500))
      for (const restarted of [false, true]) {
        if (restarted) await work.restart()
        const rows = async () => Promise.all(SERIES.map((series) => work.states.rowOf(series)))
        const before = await rows()
        const known = { slots: work.states.slots.size, memory: work.states.symbols!.memory() }
        assert.ok(before.every((row) => row !== null))
        const first = await Promise.all(SERIES.map((series) => draw(work, series, 30, 1)))
        const again = await Promise.all(SERIES.map((series) => draw(work, series, 30, 1)))
        const other = await Promise.all(SERIES.map((series) => draw(work, series, 30, 1, 2)))
        assert.deepEqual(again, first)
        for (const [i, { symbols }] of other.entries()) assert.notDeepEqual(symbols, first[i]!.symbols)
        assert.deepEqual(await rows(), before)
        const after = { slots: work.states.slots.size, memory: work.states.symbols!.memory() }
        assert.deepEqual(after, known)
      }
      assert.equal(await work.branch('nobody'), null)
    } finally {
      await work.close()
    }
  })

  test(`by ${by}: symbols are drawn as often as the forecast says`, async (t) => {
    const { random } = seeded(t)
    const work = await open()
    try {
      await feed(work, observations(random, 500))
      await feed(work, [{ series: 's4', ts: START + 1000, value: 'b' }])
      const { symbols } = (await published(work)).at(-1)!
      const all = symbols.reduce((sum, { probability }) => sum + probability, 0)
      const branch = (await work.branch('s4'))!
      const draws = 2000
      const counts = new Map<string, number>()
      for (let seed = 0; seed < draws; seed++) {
        const [symbol] = (await continuation(branch, { length: 1, temperature: 1, seed })).symbols
        counts.set(symbol!, (counts.get(symbol!) ?? 0) + 1)
      }
      for (const { symbol, probability } of symbols) {
        const p = probability / all
        const sigma = Math.sqrt((p * (1 - p)) / draws)
        const share = (counts.get(symbol) ?? 0) / draws
        assert.ok(Math.abs(share - p) < 4.5 * sigma + 1e-3, `${symbol}: ${share} of the draws, forecast ${p}`)
      }
    } finally {
      await work.close()
    }
  })
}

test('after a restart the first symbol is told anew from the last ones: for a short series, as it was', async () => {
  const work = await PartitionAtWork.open(config, await network())
  try {
    const letters = 'abcdeabdecabcdaeb'.split('')
    await feed(
      work,
      letters.map((value, i) => ({ series: 's', ts: START + i, value })),
    )
    const before = await draw(work, 's', 10, GREEDY)
    assert.ok((await work.branch('s'))!.forecast !== null)
    await work.restart()
    assert.equal((await work.branch('s'))!.forecast, null)
    assert.deepEqual(await draw(work, 's', 10, GREEDY), before)
  } finally {
    await work.close()
  }
})
