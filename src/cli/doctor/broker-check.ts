import type { Config } from '../../config/types.js'
import { systemClock } from '../../ports/clock.js'
import { brokerPlace, describePlace, openBroker } from '../broker.js'
import { fail, ok, reasonOf } from './check.js'
import type { Check } from './check.js'

const name = 'broker'

/** The embedded log is opened by the daemon itself, and its directory has a check of its own. Kafka is asked. */
export async function brokerCheck(config: Config, dataDir: string, pid: number): Promise<Check> {
  if (config.broker.kind === 'embedded')
    return ok(name, 'embedded log in the data directory: nothing to reach')
  const place = brokerPlace(config, dataDir)
  try {
    const broker = await openBroker(place, { clock: systemClock, pid })
    try {
      const topics = new Set(await broker.topics())
      const inputs = config.pipelines.map(({ topic }) => topic)
      const missing = inputs.filter((topic) => !topics.has(topic))
      const detail = `${describePlace(place)} answers`
      return ok(name, missing.length === 0 ? detail : `${detail}; will be created: ${missing.join(', ')}`)
    } finally {
      await broker.close()
    }
  } catch (error) {
    const hint =
      'start the cluster, or set broker.kafka.brokers, .tls and .sasl; "npm run kafka" runs one to try'
    return fail(name, `${describePlace(place)}: ${reasonOf(error)}`, hint)
  }
}
