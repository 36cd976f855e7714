import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EmbeddedBroker } from '../../src/adapters/embedded/embedded-broker.js'
import { CovariateTopic } from '../../src/pipeline/covariate-topic.js'
import { BrokerError } from '../../src/ports/broker.js'
import { Foresight } from '../../src/pipeline/foresight.js'
import { withDataDirectory, withLogOf } from '../support/house.js'
import { pipelineConfig } from '../support/pipeline-config.js'

const HOUR = 3_600_000
const config = pipelineConfig('p', {
  covariates: ['wind', 'temperature'],
  futureCovariates: { topic: 'weather', names: ['temperature'], refreshEvery: '10s', maxValues: 1000 },
})

const inLog = (use: (broker: EmbeddedBroker) => Promise<void>): Promise<void> =>
  withDataDirectory((dir) => withLogOf(dir, use))

function record(key: string | null, value: unknown, partition = 0) {
  return {
    topic: 'weather',
    partition,
    key: key === null ? null : Buffer.from(key),
    value: value === null ? null : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)),
  }
}

const told = (hour: number, temperature: unknown) => ({ ts: hour * HOUR, covariates: { temperature } })

function known({ table }: CovariateTopic, series: string, hour: number): number {
  const out = new Float32Array(1)
  table.window(series, hour, 1, out, 0)
  return out[0]!
}

test('a topic is read whole, then what is appended; in all its partitions, and the latest value wins', async () => {
  await inLog(async (broker) => {
    await broker.ensureTopics([{ name: 'weather', partitions: 2 }])
    await broker.append([
      record('*', told(10, 1)),
      record('*', { ts: '1970-01-01T11:00:00Z', covariates: { temperature: 2, wind: 3 } }, 1),
    ])
    const topic = CovariateTopic.of(broker, config)!
    await topic.refresh()
    assert.deepEqual([known(topic, 'a', 10), known(topic, 'a', 11), known(topic, 'a', 12)], [1, 2, NaN])
    await broker.append([record('*', told(10, 5)), record('a', told(11, 7), 1)])
    assert.equal(known(topic, 'a', 10), 1)
    await topic.refresh()
    assert.deepEqual([known(topic, 'a', 10), known(topic, 'a', 11), known(topic, 'b', 11)], [5, 7, 2])
    await broker.append([record('a', null)])
    await topic.refresh()
    assert.equal(known(topic, 'a', 11), 2)
    assert.deepEqual(topic.readings(), { used: 5, unused: 0 })
  })
})

test('what cannot be used is counted and passed over', async () => {
  await inLog(async (broker) => {
    await broker.ensureTopics([{ name: 'weather', partitions: 1 }])
    await broker.append([
      record(null, told(10, 1)),
      record('a', 'no JSON'),
      record('a', '[1]'),
      record('a', { ts: 'yesterday', covariates: { temperature: 1 } }),
      record('a', { ts: 10 * HOUR }),
      record('a', { ts: 10 * HOUR, covariates: { wind: 1 } }),
      // A hundred years ahead: were it kept, it would outlive all that is near.
      record('a', { ts: Date.now() + 100 * 366 * 24 * HOUR, covariates: { temperature: 1 } }),
      record('a', told(10, 'warm')),
      record('a', told(11, 1)),
    ])
    const topic = CovariateTopic.of(broker, config)!
    await topic.refresh()
    // One that says something which is no number says that it is missing.
    assert.deepEqual(topic.readings(), { used: 2, unused: 7 })
    assert.deepEqual([known(topic, 'a', 10), known(topic, 'a', 11)], [NaN, 1])
    assert.equal(topic.table.size, 2)
  })
})

test('a topic that is not there says nothing, and no topic is none', async () => {
  await inLog(async (broker) => {
    const topic = CovariateTopic.of(broker, config)!
    await topic.refresh()
    assert.ok(Number.isNaN(known(topic, 'a', 1)))
    assert.equal(CovariateTopic.of(broker, pipelineConfig('p', { covariates: ['a'] })), null)
  })
})

test('before a batch the topic is looked at where it is time; while it cannot be read, forecasting goes on, and the log says so once', async () => {
  let reads = 0
  let broken = false
  let gone = false
  let now = 0
  const warnings: string[] = []
  const broker = {
    describe: async () => {
      reads++
      if (broken) throw new BrokerError('unavailable', 'away')
      return gone ? null : []
    },
    read: async function* () {},
  }
  const foresight = new Foresight({
    broker,
    clock: { now: () => now },
    telemetry: {
      logger: { warn: (_: unknown, message: string) => void warnings.push(message) } as never,
      covariates: () => undefined,
    },
  })
  await foresight.begin(config)
  await foresight.look()
  assert.equal(reads, 2)
  assert.equal(foresight.look(), undefined)
  now += 10_000
  broken = true
  await foresight.look()
  now += 10_000
  await foresight.look()
  assert.deepEqual([reads, warnings.length], [4, 1])
  now += 10_000
  broken = false
  await foresight.look()
  broken = true
  now += 10_000
  await foresight.look()
  assert.equal(warnings.length, 2)
  // On Kafka also what may not be read is as if it were not there.
  broken = false
  for (const missing of [false, true, true]) {
    gone = missing
    now += 10_000
    await foresight.look()
  }
  assert.equal(warnings.length, 3)
})
