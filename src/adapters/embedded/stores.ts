import type { Clock } from '../../ports/clock.js'
import { AppendSignal } from './append-signal.js'
import type { Environment } from './environment.js'
import { GroupStore } from './group-store.js'
import { LogStore } from './log-store.js'
import { Outbound } from './outbound.js'
import { Retention } from './retention.js'
import { Topics } from './topics.js'

/** The parts of one open log, put together. */
export interface Stores {
  readonly environment: Environment
  readonly clock: Clock
  readonly topics: Topics
  readonly log: LogStore
  readonly groups: GroupStore
  readonly retention: Retention
  readonly outbound: Outbound
  readonly appends: AppendSignal
}

export function createStores(environment: Environment, clock: Clock): Stores {
  const topics = new Topics(environment)
  const log = new LogStore(environment)
  const retention = new Retention(log)
  return {
    environment,
    clock,
    topics,
    log,
    groups: new GroupStore(environment),
    retention,
    outbound: new Outbound(topics, log, retention),
    appends: new AppendSignal(),
  }
}
