import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { KafkaBroker } from '../../src/adapters/kafka/kafka-broker.js'
import type { PipelineConfig } from '../../src/config/types.js'
import { Random } from '../../src/model/random.js'
import { tokenSpec } from '../../src/model/symbol-network.js'
import { initialTokenWeights } from '../../src/model/token-network.js'
import { symbolSpec } from '../../src/training/symbols/train.js'
import { DaemonGroup } from '../support/daemon-group.js'
import { untilSettled } from '../support/kafka-town.js'
import { witness } from '../support/kafka-witness.js'
import { connectKafka, startKafka, withoutKafka, type RealKafka } from '../support/kafka.js'
import { randomNetwork } from '../support/pinned-network.js'
import { pipelineConfig } from '../support/pipeline-config.js'
import { seeded } from '../support/run-options.js'

const SERIES = 40
const START = Date.UTC(2026, 0, 1)
const SETTINGS = {
  kind: 'symbols',
  topic: 'steps',
  partitions: 2,
  symbols: { maxVocabulary: 8, maxLength: 6, top: 12 },
  model: { cell: 'lstm', hidden: 12, layers: 2, warmUp: 5 },
  batch: { maxRecords: 250 },
  state: { snapshotEvery: '500ms' },
  training: { enabled: false },
} as const

interface Forecast {
  readonly origin: string
  readonly model: string
  readonly symbols: readonly { readonly symbol: string; readonly probability: number }[]
}

/** Each series a walk of its own over nine symbols, of which a vocabulary of eight leaves one out. */
class Walks {
  readonly #at = new Int32Array(SERIES)
  #steps = 0

  constructor(private readonly random: Random) {}

  async append(broker: KafkaBroker, topic: string, steps: number): Promise<void> {
    const records = []
    for (let i = 0; i < steps; i++, this.#steps++) {
      for (let s = 0; s < SERIES; s++) {
        const jump = this.random.uniform() < 0.2
        this.#at[s] = jump ? this.random.integer(9) : (this.#at[s]! + 1 + (s % 3)) % 9
        const value = JSON.stringify({ ts: START + this.#steps * 1000, value: 'abcdefghi'[this.#at[s]!] })
        records.push({ topic, key: Buffer.from(`machine-${s}`), value: Buffer.from(value) })
      }
    }
    await broker.append(records)
  }
}

async function pinSymbols(broker: KafkaBroker, config: PipelineConfig): Promise<void> {
  const spec = symbolSpec(['never', 'a', 'b', 'c', 'd', 'e', 'f'], config.model)
  const weights = initialTokenWeights(tokenSpec(spec), new Random(9))
  const stored = { ...randomNetwork(config, ['machine-0']), spec, weights }
  const { version } = await broker.models.put(stored)
  await broker.models.setChampion(config.name, version)
}

async function forecastsOf(brokers: string, topic: string): Promise<Map<string, Forecast[]>> {
  const bySeries = new Map<string, Forecast[]>()
  for (const { key, value } of await witness(brokers, topic)) {
    bySeries.set(key, [...(bySeries.get(key) ?? []), JSON.parse(value) as Forecast])
  }
  return bySeries
}

describe('symbols on a real Kafka', { skip: withoutKafka }, () => {
  let home: string
  let kafka: RealKafka
  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'tidecast-symbols-'))
    kafka = await startKafka({ dir: join(home, 'broker') })
  })
  after(async () => {
    await kafka.stop()
    await rm(home, { recursive: true, force: true, maxRetries: 5 })
  })

  test('after kill -9 of a member the other goes on with vocabulary and states: forecasts as of a process that nothing happened to, each once', async (t) => {
    const { random } = seeded(t)
    const disturbed = pipelineConfig('disturbed', SETTINGS)
    const control = pipelineConfig('control', SETTINGS)
    const { broker, end } = await connectKafka(kafka.brokers, { modelsTopic: 'tidecast.models' })
    t.after(end)
    await broker.ensureTopics([{ name: SETTINGS.topic, partitions: SETTINGS.partitions }])
    for (const config of [disturbed, control]) await pinSymbols(broker, config)
    const daemons = (name: string, members: number): Promise<DaemonGroup> =>
      DaemonGroup.start(home, members, members, {
        broker: {
          kind: 'kafka',
          kafka: { brokers: kafka.brokers, heartbeat: '200ms', sessionTimeout: '6s' },
        },
        pipelines: { [name]: SETTINGS },
      })
    const walks = new Walks(random)
    const group = await daemons('disturbed', 2)
    try {
      await walks.append(broker, SETTINGS.topic, 30)
      await untilSettled(broker, disturbed)
      // Each has learnt a part of the series.
      for (const member of group.members) {
        await group.daemon(member).until('disturbed', ({ series }) => series > 0 && series < SERIES, 60_000)
      }
      await group.lose(0)
      await walks.append(broker, SETTINGS.topic, 30)
      await untilSettled(broker, disturbed)
      await group.stop()
    } finally {
      await group.end()
    }
    const alone = await daemons('control', 1)
    try {
      await untilSettled(broker, control)
      await alone.stop()
    } finally {
      await alone.end()
    }
    const [actual, expected] = await Promise.all(
      [disturbed, control].map(({ output }) => forecastsOf(kafka.brokers, output)),
    )
    assert.equal(actual!.size, SERIES)
    for (const [series, forecasts] of actual!) {
      const undisturbed = expected!.get(series)!
      const keys = ({ origin, model }: Forecast): string => `${origin} ${model}`
      assert.deepEqual(forecasts.map(keys), undisturbed.map(keys), series)
      assert.equal(forecasts.length, 60, series)
      assert.match(forecasts.at(-1)!.model, /^lstm@/)
      forecasts.forEach(({ symbols }, i) => {
        const other = new Map(undisturbed[i]!.symbols.map((one) => [one.symbol, one.probability]))
        assert.equal(symbols.length, other.size)
        for (const { symbol, probability } of symbols) {
          assert.ok(Math.abs(probability - other.get(symbol)!) <= 2e-6, `${series}, forecast ${i}, ${symbol}`)
        }
      })
    }
  })
})
