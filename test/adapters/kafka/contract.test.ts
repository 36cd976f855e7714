import { rm } from 'node:fs/promises'
import { after, before, describe } from 'node:test'
import { brokerContract } from '../../contract/broker-contract.js'
import { connectKafka, startKafka, withoutKafka, type RealKafka } from '../../support/kafka.js'

describe('on a real Kafka', { skip: withoutKafka }, () => {
  let kafka: RealKafka
  before(async () => (kafka = await startKafka()))
  after(() => kafka.stop())

  brokerContract('Kafka', async () => {
    let connection = await connectKafka(kafka.brokers)
    const { dir } = connection
    return {
      broker: connection.broker,
      async reopen() {
        await connection.broker.close()
        connection = await connectKafka(kafka.brokers, { dir })
        return connection.broker
      },
      async destroy() {
        await connection.broker.close()
        await rm(dir, { recursive: true, force: true })
      },
    }
  })
})
