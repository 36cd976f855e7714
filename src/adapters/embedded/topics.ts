import { randomUUID } from 'node:crypto'
import { BrokerError } from '../../ports/broker.js'
import type { TopicSpec } from '../../ports/broker.js'
import type { Environment } from './environment.js'
import type { PartitionRef } from './keys.js'

/** Kafka's rule, so that a configuration that works here works there. */
const LEGAL_NAME = /^[a-zA-Z0-9._-]{1,249}$/
const MAX_PARTITIONS = 4096

/** Stored as JSON under the topic's name; the number stands for the name in all keys. */
export interface Topic extends TopicSpec {
  readonly id: number
  /** Given once, and to no other topic. Absent in older logs. */
  readonly uuid?: string
}

export class Topics {
  constructor(private readonly environment: Environment) {}

  find(name: string): Topic | null {
    const stored = this.environment.topics.get(name) as Omit<Topic, 'name'> | undefined
    return stored === undefined ? null : { ...stored, name }
  }

  get(name: string): Topic {
    const topic = this.find(name)
    if (topic === null) {
      throw new BrokerError(
        'unknown-topic',
        `The embedded log has no topic ${JSON.stringify(name)}. Create it first.`,
      )
    }
    return topic
  }

  partition(name: string, partition: number): PartitionRef {
    const { id, partitions } = this.get(name)
    if (partition >= 0 && partition < partitions) return { id, partition }
    throw new BrokerError('unknown-topic', `Topic ${name} has ${partitions} partitions, no ${partition}.`)
  }

  names(): string[] {
    return [...this.environment.topics.getKeys()]
  }

  all(): Topic[] {
    return this.names().map((name) => this.get(name))
  }

  async ensure(specs: readonly TopicSpec[]): Promise<void> {
    for (const { name, partitions } of specs) {
      if (!LEGAL_NAME.test(name)) {
        throw new RangeError(
          `A topic name has 1 to 249 characters of a-z A-Z 0-9 . _ -; not ${JSON.stringify(name)}.`,
        )
      }
      if (!Number.isInteger(partitions) || partitions < 1 || partitions > MAX_PARTITIONS) {
        throw new RangeError(`Topic ${name} needs 1 to ${MAX_PARTITIONS} partitions, not ${partitions}.`)
      }
    }
    if (specs.every((spec) => this.#isCurrent(spec))) return
    await this.environment.write(0, () => {
      let nextId = Math.max(0, ...this.all().map(({ id }) => id)) + 1
      for (const { name, partitions, retentionMs, retentionBytes } of specs) {
        const existing = this.find(name)
        const id = existing?.id ?? nextId++
        this.environment.topics.putSync(name, {
          id,
          uuid: existing === null ? randomUUID() : existing.uuid,
          partitions: existing?.partitions ?? partitions,
          retentionMs,
          retentionBytes,
        })
      }
    })
  }

  #isCurrent(spec: TopicSpec): boolean {
    const topic = this.find(spec.name)
    return (
      topic !== null && topic.retentionMs === spec.retentionMs && topic.retentionBytes === spec.retentionBytes
    )
  }
}
