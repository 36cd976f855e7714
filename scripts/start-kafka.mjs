import { fileURLToPath } from 'node:url'
import { startKafka } from './kafka/server.mjs'
import { handOver } from './setup/hand-over.mjs'

// The demonstration on a real Kafka instead of the embedded log: one local broker, kept under the demonstration's data.
const given = process.argv.slice(2)
const config = (name) => fileURLToPath(new URL(`../config/${name}.json5`, import.meta.url))
let kafka
try {
  kafka = await startKafka({ dir: 'data/kafka-demo/broker' })
} catch (error) {
  process.stderr.write(`kafka: ${error.message}\n`)
  process.exitCode = 1
}
if (kafka !== undefined) {
  process.stderr.write(`Kafka answers on ${kafka.brokers}\n`)
  process.env.TIDECAST_BROKER_KAFKA_BROKERS = kafka.brokers
  const args = ['run', '--demo', '-c', config('default'), config('kafka')]
  await handOver(new URL('../bin/tidecast.js', import.meta.url), [...args, ...given])
  await kafka.stop()
}
