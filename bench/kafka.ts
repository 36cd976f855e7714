import type { Figure } from './figure.js'
import { startKafka } from './kafka/bed.js'
import { benchLatency } from './kafka/latency.js'
import { benchThroughput } from './kafka/throughput.js'

/** What stands between Kafka and Kafka, on a real one that is started for it. */
export async function benchKafka(perSeries = 200): Promise<Figure[]> {
  const kafka = await startKafka()
  try {
    return [
      ...(await benchThroughput(kafka, perSeries)),
      ...(await benchLatency(kafka, 'exactly-once')),
      ...(await benchLatency(kafka, 'at-least-once')),
    ]
  } finally {
    await kafka.stop()
  }
}
