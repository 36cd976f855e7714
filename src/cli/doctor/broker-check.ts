import type { Config } from '../../config/types.js'
import { systemClock } from '../../ports/clock.js'
import { brokerPlace, describePlace, openBroker } from '../broker.js'
import { fail, ok, reasonOf } from './check.js'
import type { Check } from './check.js'
import { ownershipOf } from './ownership.js'
import type { Ownership } from './ownership.js'

const name = 'broker'

export interface BrokerReport {
  readonly check: Check
  /** By pipeline; empty for the embedded log, which one process has alone. */
  readonly ownership: readonly Ownership[]
}

/** The embedded log is opened by the daemon itself, and its directory has a check of its own. Kafka is asked. */
export async function brokerCheck(config: Config, dataDir: string, pid: number): Promise<BrokerReport> {
  if (config.broker.kind === 'embedded')
    return { check: ok(name, 'embedded log in the data directory: nothing to reach'), ownership: [] }
  const place = brokerPlace(config, dataDir)
  try {
    const broker = await openBroker(place, { clock: systemClock, pid })
    try {
      const topics = new Set(await broker.topics())
      const inputs = config.pipelines.map(({ topic }) => topic)
      const missing = inputs.filter((topic) => !topics.has(topic))
      const detail = `${describePlace(place)} answers`
      const ownership =
        broker.kind === 'kafka'
          ? await Promise.all(config.pipelines.map((pipeline) => ownershipOf(broker, pipeline)))
          : []
      const created = missing.length === 0 ? '' : `; will be created: ${missing.join(', ')}`
      return { check: ok(name, detail + created), ownership }
    } finally {
      await broker.close()
    }
  } catch (error) {
    const hint =
      'start the cluster, or set broker.kafka.brokers, .tls and .sasl; "npm run kafka" runs one to try'
    return { check: fail(name, `${describePlace(place)}: ${reasonOf(error)}`, hint), ownership: [] }
  }
}
