import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { createClient } from '../../../src/adapters/kafka/connection.js'
import type { KafkaClient } from '../../../src/adapters/kafka/connection.js'
import { addressed } from '../../../src/adapters/kafka/sends.js'
import type { Addressed } from '../../../src/adapters/kafka/sends.js'
import { Transactor } from '../../../src/adapters/kafka/transactor.js'
import { createTopic, witness } from '../../support/kafka-witness.js'
import { connectionTo, startKafka, withoutKafka, type RealKafka } from '../../support/kafka.js'

const TOPIC = 'spread'
/** By partition; each node leads one. */
const REPLICAS = [
  [1, 2, 3],
  [2, 3, 1],
  [3, 1, 2],
]
/** Of a transaction: some sends of each partition, so that most of its time goes into them. */
const RECORDS = 60
const RECORD_BYTES = 80_000
/** Answered sends of partitions, in the midst of a transaction. */
const KILLED_AFTER = 20

const TRANSACTIONS_AFTER = 3

describe('partitions led by three nodes', { skip: withoutKafka }, () => {
  let kafka: RealKafka
  // A node that says nothing is given up soon, and others lead its partitions.
  const settings = { 'broker.session.timeout.ms': 3000, 'broker.heartbeat.interval.ms': 100 }
  before(async () => (kafka = await startKafka({ nodes: 3, settings })))
  after(() => kafka.stop())

  test('a node is killed while it is written to: transactions are there whole and once, or, where they failed, not at all', async (t) => {
    const client = await createClient(
      connectionTo(kafka.brokers, { requestTimeoutMs: 5000 }),
      () => undefined,
    )
    const admin = client.admin()
    await admin.connect()
    t.after(() => admin.disconnect())
    const replicaAssignment = REPLICAS.map((replicas, partition) => ({ partition, replicas }))
    await createTopic(admin, { topic: TOPIC, replicaAssignment })

    const killed = new AbortController()
    afterProduced(client, KILLED_AFTER, () => {
      void kafka.nodes[0]!.kill().then(() => {
        killed.abort()
      })
    })
    const succeeded: boolean[] = []
    let transactor = await opened(client)
    for (let left = TRANSACTIONS_AFTER; left > 0; left -= killed.signal.aborted ? 1 : 0) {
      try {
        await transactor.run(recordsOf(succeeded.length))
        succeeded.push(true)
      } catch (error) {
        succeeded.push(false)
        t.diagnostic(`transaction ${succeeded.length}: ${String(error)}`)
        await transactor.close()
        transactor = await opened(client)
      }
    }
    await transactor.close()

    const alive = kafka.nodes.slice(1).map(({ address }) => address)
    const found = new Map<string, number>()
    for (const { key } of await witness(alive.join(','), TOPIC)) found.set(key, (found.get(key) ?? 0) + 1)
    for (const [transaction, success] of succeeded.entries()) {
      const counts = Array.from({ length: RECORDS }, (_, i) => found.get(keyOf(transaction, i)) ?? 0)
      const expected = success || counts[0] === 1 ? 1 : 0
      assert.ok(
        counts.every((count) => count === expected),
        `transaction ${transaction + 1} of ${succeeded.length}, how often each record is there: ${counts.join(' ')}`,
      )
    }
  })
})

const keyOf = (transaction: number, i: number): string => `${transaction} ${i}`

function recordsOf(transaction: number): Addressed[] {
  return Array.from({ length: RECORDS }, (_, i) =>
    addressed(TOPIC, i % REPLICAS.length, {
      key: Buffer.from(keyOf(transaction, i)),
      value: Buffer.alloc(RECORD_BYTES),
    }),
  )
}

/** Calls `then` when so many sends of the client's producers have been answered: the next are on their way then. */
function afterProduced(client: KafkaClient, sends: number, then: () => void): void {
  const create = client.producer.bind(client)
  let answered = 0
  client.producer = (options) => {
    const producer = create(options)
    producer.on('producer.network.request', ({ payload }) => {
      if (payload.apiName === 'Produce' && ++answered === sends) then()
    })
    return producer
  }
}

/** A coordinator may have to be chosen anew first. */
async function opened(client: KafkaClient): Promise<Transactor> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await Transactor.open(client, 'several-nodes')
    } catch (error) {
      if (attempt === 10) throw error
    }
  }
}
