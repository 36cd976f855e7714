import type { Admin } from 'kafkajs'
import type { Clock } from '../../ports/clock.js'
import type { KafkaClient, KafkaLog } from './connection.js'
import type { LocalStates } from './local-states.js'
import type { Addresser } from './sends.js'
import type { Topics } from './topics.js'

/** What the members of an open connection to Kafka share. */
export interface KafkaParts {
  readonly client: KafkaClient
  readonly admin: Admin
  readonly topics: Topics
  readonly addresser: Addresser
  readonly clock: Clock
  readonly log: KafkaLog
  /** Number of this process. */
  readonly pid: number
  readonly sessionTimeoutMs: number
  readonly heartbeatMs: number
  readonly standby: boolean
  /** Opened when first asked for: who only reads or appends needs no folder. */
  readonly states: () => Promise<LocalStates>
  readonly assertOpen: () => void
}
