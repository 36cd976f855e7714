import type { Figure } from './figure.js'
import { startKafka } from './kafka/bed.js'
import { benchThroughput } from './kafka/throughput.js'

/** What stands between Kafka and Kafka, on a real one that is started for it. */
export async function benchKafka(perSeries = 200): Promise<Figure[]> {
  const kafka = await startKafka()
  try {
    return await benchThroughput(kafka, perSeries)
  } finally {
    await kafka.stop()
  }
}
