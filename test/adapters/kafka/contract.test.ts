import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { after, before, describe } from 'node:test'
import type { KafkaBroker } from '../../../src/adapters/kafka/kafka-broker.js'
import { brokerContract, type BrokerFixture } from '../../contract/broker-contract.js'
import { modelsContract } from '../../contract/models-contract.js'
import { redriveContract } from '../../contract/redrive-contract.js'
import { connectKafka, startKafka, withoutKafka, type RealKafka } from '../../support/kafka.js'

describe('on a real Kafka', { skip: withoutKafka }, () => {
  let kafka: RealKafka
  before(async () => (kafka = await startKafka()))
  after(() => kafka.stop())

  const open = async (): Promise<BrokerFixture<KafkaBroker>> => {
    const modelsTopic = `models-${randomUUID()}`
    let connection = await connectKafka(kafka.brokers, { modelsTopic })
    const { dir } = connection
    return {
      broker: connection.broker,
      async reopen() {
        await connection.broker.close()
        connection = await connectKafka(kafka.brokers, { dir, modelsTopic })
        return connection.broker
      },
      async destroy() {
        await connection.broker.close()
        await rm(dir, { recursive: true, force: true })
      },
    }
  }

  brokerContract('Kafka', open)
  modelsContract('Kafka', open)
  redriveContract('Kafka', open)
})
