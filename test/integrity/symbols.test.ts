import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Random } from '../../src/model/random.js'
import { tokenSpec } from '../../src/model/symbol-network.js'
import { initialTokenWeights } from '../../src/model/token-network.js'
import type { LoadedNetwork } from '../../src/ports/engine.js'
import { symbolSpec } from '../../src/training/symbols/train.js'
import { PartitionAtWork } from '../support/partition-at-work.js'
import { pipelineConfig } from '../support/pipeline-config.js'
import { seeded } from '../support/run-options.js'
import { sharedEngine } from '../support/shared-engine.js'

const config = pipelineConfig('words', {
  kind: 'symbols',
  symbols: { maxVocabulary: 8, maxLength: 6, top: 12 },
  model: { cell: 'lstm', hidden: 12, layers: 2, warmUp: 5 },
  state: { snapshotEvery: '100ms', maxResidentSeries: 4 },
  training: { enabled: false },
})
// One symbol that never comes, and one that comes is not among them.
const KNOWN = ['never', 'a', 'b', 'c', 'd', 'e', 'f']
const SERIES = 7
const START = Date.parse('2026-01-01T00:00:00Z')

interface Observation {
  readonly series: string
  readonly ts: number
  readonly value: unknown
}

/** Each series a walk of its own over nine symbols, of which a vocabulary of eight leaves one out, with gaps. */
function observations(random: Random, count: number): Observation[] {
  const at = new Int32Array(SERIES)
  return Array.from({ length: count }, (_, i) => {
    const s = random.integer(SERIES)
    const jump = random.uniform() < 0.2
    at[s] = jump ? random.integer(9) : (at[s]! + 1 + (s % 3)) % 9
    const value = random.uniform() < 0.02 ? null : 'abcdefghi'[at[s]]
    return { series: `s${s}`, ts: START + i, value }
  })
}

async function network(): Promise<LoadedNetwork> {
  const spec = symbolSpec(KNOWN, config.model)
  return (await sharedEngine()).load(spec, initialTokenWeights(tokenSpec(spec), new Random(9)))
}

async function append(work: PartitionAtWork, rows: readonly Observation[]): Promise<void> {
  await work.appendRecords(
    rows.map(({ series, ts, value }) => ({
      topic: config.topic,
      timestamp: ts,
      key: Buffer.from(series),
      value: Buffer.from(JSON.stringify({ ts, value })),
    })),
  )
}

interface Named {
  readonly series: string
  readonly origin: string
  readonly model: string
  readonly symbols: readonly { readonly symbol: string; readonly probability: number }[]
}

async function published(work: PartitionAtWork): Promise<Named[]> {
  const records = await work.records(config.output)
  const all = records.map(({ value }) => JSON.parse(Buffer.from(value!).toString()) as Named)
  // Within a batch series take turns by waves: of each, in order.
  return all.sort((a, b) => (a.series < b.series ? -1 : a.series > b.series ? 1 : 0))
}

for (const by of ['the network', 'the baseline']) {
  test(`symbols, by ${by}: after crashes and restarts in any place, forecasts are those of an uninterrupted run, each once`, async (t) => {
    const { random } = seeded(t)
    const rows = observations(random, 1500)
    const run = async (work: PartitionAtWork, consume: () => Promise<unknown>): Promise<Named[]> => {
      try {
        await append(work, rows)
        await consume()
        return await published(work)
      } finally {
        await work.close()
      }
    }
    const loaded = by === 'the network' ? await network() : null
    const straight = await PartitionAtWork.open(config, loaded)
    const expected = await run(straight, () => straight.consume())
    const shaken = await PartitionAtWork.open(config, loaded)
    const found = await run(shaken, () =>
      shaken.consume(
        () => 1 + random.integer(200),
        async () => {
          const chance = random.uniform()
          if (chance < 0.3) await shaken.crash()
          else if (chance < 0.5) await shaken.restart()
        },
      ),
    )
    assert.equal(found.length, rows.filter(({ value }) => value !== null).length)
    assert.equal(found.length, expected.length)
    found.forEach((one, i) => {
      const other = expected[i]!
      assert.deepEqual([one.series, one.origin, one.model], [other.series, other.origin, other.model])
      const probability = new Map(other.symbols.map((named) => [named.symbol, named.probability]))
      assert.equal(one.symbols.length, probability.size)
      for (const named of one.symbols) {
        assert.ok(Math.abs(named.probability - probability.get(named.symbol)!) <= 2e-6, `forecast ${i}`)
      }
    })
    const models = new Set(found.map(({ model }) => model))
    assert.deepEqual([...models].sort(), loaded === null ? ['baseline@1'] : ['baseline@1', 'lstm@1'])
    for (const { symbols } of found) {
      const sum = symbols.reduce((total, { probability }) => total + probability, 0)
      assert.ok(sum <= 1.00001 && sum > 0, 'probabilities of the named symbols')
      const sorted = symbols.map(({ probability }) => probability)
      assert.deepEqual(
        sorted,
        [...sorted].sort((a, b) => b - a),
      )
    }
  })
}

test('symbols: what is no symbol is rejected with its reason, a null is stepped over, and the rest goes on', async () => {
  const work = await PartitionAtWork.open(config, null)
  try {
    const values = ['a', 'b', 5, '', 'toolong', ['a'], null, true, 'a', 'b']
    await append(
      work,
      values.map((value, i) => ({ series: 's', ts: START + i, value })),
    )
    await work.consume()
    const letters = await work.records(config.deadLetter)
    const reasons = letters.map(({ headers }) => Buffer.from(headers!['tidecast-reason']!).toString())
    assert.deepEqual(reasons, ['bad-value', 'bad-value', 'too-large', 'bad-value', 'bad-value'])
    const forecasts = await published(work)
    assert.equal(forecasts.length, 4)
    // After a comes b: it has come once after a, and never anything else.
    assert.equal(forecasts[2]!.symbols[0]!.symbol, 'b')
    assert.deepEqual(Object.keys(forecasts[0]!), [
      'pipeline',
      'series',
      'origin',
      'interval',
      'horizon',
      'model',
      'symbols',
    ])
  } finally {
    await work.close()
  }
})
