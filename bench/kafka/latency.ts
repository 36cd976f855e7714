import { setTimeout as pause } from 'node:timers/promises'
import type { Delivery } from '../../src/ports/broker.js'
import type { Figure } from '../figure.js'
import { Workbench } from '../workbench.js'
import { connect, PARTITIONS, type RealKafka } from './bed.js'
import { BenchDaemon } from './daemon.js'
import type { Fed } from './feeder.js'
import { Helper } from './helper.js'
import { kafkaPipeline, kafkaSettings } from './throughput.js'
import type { Watched } from './watcher.js'

const RATE = 2000
const WARM_UP_MS = 5000
/** What is on its way when the measuring ends. */
const REST_MS = 1000

/**
 * From the produce request of an observation to the moment at which a read_committed reader has its forecast, at 2,000
 * records/s. Daemon, producer and reader are processes of their own: none waits for another's work.
 */
export async function benchLatency(
  kafka: RealKafka,
  guarantee: Delivery['guarantee'],
  seconds: number,
): Promise<Figure[]> {
  const { brokers } = kafka
  const topic = `latency-${guarantee}`
  const settings = { topic, delivery: guarantee }
  const { broker, end } = await connect(brokers)
  const bench = await Workbench.on(broker, end)
  const config = kafkaPipeline(topic, settings)
  try {
    await broker.ensureTopics([topic, config.output].map((name) => ({ name, partitions: PARTITIONS })))
    await bench.pinModel(config)
  } finally {
    await bench.close()
  }
  const daemon = await BenchDaemon.start(brokers, topic, kafkaSettings(settings))
  try {
    const watcher = await Helper.start('watcher', { brokers, topic: config.output })
    const feeder = await Helper.start('feeder', { brokers, topic, rate: RATE, from: 0 })
    await pause(WARM_UP_MS)
    watcher.tell('measure')
    await pause(seconds * 1000)
    const fed = (await feeder.stop()) as Fed
    await pause(REST_MS)
    const { p50, p99, most } = (await watcher.stop()) as Watched
    const figure = (what: string, value: number): Figure => ({
      name: `kafka: latency at ${String(Math.round(fed.records / fed.seconds))} records/s, ${guarantee}, ${what}`,
      value,
      unit: 'ms',
    })
    return [figure('p50', p50), figure('p99', p99), figure('longest', most)]
  } finally {
    await daemon.stop()
  }
}
