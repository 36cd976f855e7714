import { hostname } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import type { Consumer } from 'kafkajs'
import type { Consumption, Delivery, PartitionLease } from '../../ports/broker.js'
import { assigner } from './assignment.js'
import { RETRY } from './connection.js'
import { translated } from './errors.js'
import type { Access } from './errors.js'
import type { KafkaLease } from './lease.js'
import { openLease } from './open-lease.js'
import type { KafkaParts } from './parts.js'
import { Standby } from './standby.js'

/** The pause of kafkajs's own fetch loop, which has nothing to fetch here and so only sends heartbeats. */
const IDLE_MS = 200
/** How old kafkajs lets what it knows of a topic become; where it has got more partitions, it joins again. */
const METADATA_AGE_MS = 2000
const FIRST_PAUSE_MS = 200
const LONGEST_PAUSE_MS = 10_000
/** How long leaving waits for a join that is under way. */
const LONGEST_JOIN_MS = 20_000

/** Where the trouble is not one partition's. */
const MEMBERSHIP = -1

/**
 * One member of a consumer group. kafkajs joins, sends heartbeats and follows the rebalances; its own fetching is paused
 * for good, because leases fetch for themselves.
 */
export class GroupMember implements Consumption {
  readonly #consumer: Consumer
  readonly #leases = new Map<number, KafkaLease>()
  readonly #acquiring = new Map<number, Promise<void>>()
  readonly #declined = new Set<number>()
  /** By partition, or of the membership (`-1`): what failed last. */
  readonly #troubles = new Map<number, string>()
  /** By partition, where it was lost last, and how often there before. */
  readonly #losses = new Map<number, { readonly at: number; readonly times: number }>()
  readonly #closing = new AbortController()
  /** From the first assignment on. */
  #standby: Standby | null = null
  #assigned: ReadonlySet<number> = new Set()
  /** Settled when kafkajs has joined, or has given up. */
  #joining: Promise<void> = Promise.resolve()
  /** Since it last joined. */
  #crashes = 0

  private constructor(
    private readonly parts: KafkaParts,
    private readonly topic: string,
    private readonly group: string,
    private readonly assigned: (lease: PartitionLease) => void,
    private readonly delivery: Delivery,
    /** All members of this process. */
    private readonly members: ReadonlySet<GroupMember>,
  ) {
    this.#consumer = parts.client.consumer({
      groupId: group,
      sessionTimeout: parts.sessionTimeoutMs,
      heartbeatInterval: parts.heartbeatMs,
      maxWaitTimeInMs: IDLE_MS,
      metadataMaxAge: METADATA_AGE_MS,
      allowAutoTopicCreation: false,
      // kafkajs would join again also after it was told to leave, and stay for good.
      retry: { ...RETRY, restartOnFailure: () => Promise.resolve(false) },
      partitionAssigners: [
        assigner(() => ({
          owned: [...this.#leases.keys()],
          declined: [...this.#declined],
          host: hostname(),
          pid: parts.pid,
        })),
      ],
    })
    this.#consumer.on('consumer.group_join', ({ payload }) => {
      this.#follow(payload.memberAssignment[topic] ?? [])
    })
    this.#consumer.on('consumer.crash', ({ payload }) => {
      const error = translated(payload.error, `to keep us in the group ${group}`, groupAccess(group))
      this.#troubles.set(MEMBERSHIP, messageOf(error))
      parts.log('warn', `kafka: the group ${group} was left`, { error: messageOf(error) })
      void this.#restart()
    })
  }

  static async join(
    parts: KafkaParts,
    topic: string,
    group: string,
    assigned: (lease: PartitionLease) => void,
    delivery: Delivery,
    members: Set<GroupMember>,
  ): Promise<GroupMember> {
    const member = new GroupMember(parts, topic, group, assigned, delivery, members)
    members.add(member)
    try {
      await member.#consumer.connect()
      await member.#consumer.subscribe({ topic, fromBeginning: true })
      await member.#run()
      return member
    } catch (error) {
      members.delete(member)
      await member.#consumer.disconnect()
      throw translated(error, `to let us join the group ${group}`, groupAccess(group))
    }
  }

  trouble(): string | null {
    const [first = null] = this.#troubles.values()
    return first
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return
    this.#closing.abort()
    this.#assigned = new Set()
    const standby = this.#standby?.close()
    await this.#revoke([...this.#leases.keys()])
    await Promise.all(this.#acquiring.values())
    // kafkajs does not notice that it is to leave while it joins: it would be a member for ever, and own partitions.
    await Promise.race([this.#joining, pause(LONGEST_JOIN_MS, undefined, { ref: false })])
    await this.#consumer.disconnect()
    await standby
  }

  async release(lease: KafkaLease): Promise<void> {
    this.#declined.add(lease.partition)
    await lease.revoke()
    this.#forget(lease)
    // There is no other way to ask for a rebalance; what else is held is lost for that moment.
    this.#assigned = new Set()
    await this.#revoke([...this.#leases.keys()])
    await this.#joining
    await this.#consumer.stop()
    if (!this.#closing.signal.aborted) await this.#run()
  }

  lost(lease: KafkaLease, error: unknown): void {
    const reason = messageOf(error)
    this.#troubles.set(lease.partition, reason)
    this.parts.log('warn', 'kafka: a partition is taken over anew', {
      partition: lease.partition,
      error: reason,
    })
    void lease.revoke().finally(() => {
      this.#forget(lease)
      void this.#acquireAfter(lease)
    })
  }

  /** At once, unless it was lost at the same offset before: then it would most likely be again. */
  async #acquireAfter({ partition, committed }: KafkaLease): Promise<void> {
    const before = this.#losses.get(partition)
    const times = before?.at === committed ? before.times + 1 : 0
    this.#losses.set(partition, { at: committed, times })
    if (times > 0) {
      const wait = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (times - 1))
      await pause(wait, undefined, { signal: this.#closing.signal }).catch(() => undefined)
    }
    if (this.#mine(partition) && !this.#leases.has(partition)) this.#acquire(partition)
  }

  #run(): Promise<void> {
    const running = this.#consumer.run({ autoCommit: false, eachBatch: () => Promise.resolve() })
    this.#joining = running.catch(() => undefined)
    return running
  }

  async #restart(): Promise<void> {
    const wait = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#crashes++)
    try {
      await pause(wait, undefined, { signal: this.#closing.signal, ref: false })
      await this.#run()
    } catch {
      // Closed meanwhile; a run that fails crashes again, and comes back here.
    }
  }

  /** Between two assignments nobody else had what is in both; what else is held is given up, what is new is taken. */
  #follow(partitions: readonly number[]): void {
    if (this.#closing.signal.aborted) return
    this.#crashes = 0
    this.#troubles.clear()
    this.#consumer.pause([{ topic: this.topic }])
    this.parts.topics.forget(this.topic)
    this.#assigned = new Set(partitions)
    void this.#revoke([...this.#leases.keys()].filter((partition) => !this.#assigned.has(partition)))
    for (const partition of partitions) if (!this.#leases.has(partition)) this.#acquire(partition)
    if (this.parts.standby) this.#standby ??= this.#standBy()
  }

  #standBy(): Standby {
    const held = (partition: number): boolean => this.#siblings().some((member) => member.#mine(partition))
    return new Standby(this.parts, this.group, this.topic, held)
  }

  #mine(partition: number): boolean {
    return this.#assigned.has(partition) && !this.#declined.has(partition)
  }

  #acquire(partition: number): void {
    if (this.#acquiring.has(partition)) return
    const acquiring = this.#acquireNow(partition).finally(() => {
      this.#acquiring.delete(partition)
      // Lost and assigned again while it was given up.
      if (this.#mine(partition) && !this.#leases.has(partition)) this.#acquire(partition)
    })
    this.#acquiring.set(partition, acquiring)
  }

  async #acquireNow(partition: number): Promise<void> {
    const { parts, topic, group } = this
    for (let wait = FIRST_PAUSE_MS; this.#mine(partition); wait = Math.min(2 * wait, LONGEST_PAUSE_MS)) {
      try {
        await this.#endOthers(partition)
        const lease = await openLease(parts, group, topic, partition, this.delivery, this)
        if (!this.#mine(partition)) {
          await lease.revoke()
          return
        }
        this.#leases.set(partition, lease)
        this.#troubles.delete(partition)
        this.assigned(lease)
        return
      } catch (error) {
        const reason = messageOf(error)
        this.#troubles.set(partition, reason)
        parts.log('warn', 'kafka: a partition could not be taken over; trying again', {
          partition,
          error: reason,
        })
        await pause(wait, undefined, { signal: this.#closing.signal }).catch(() => undefined)
      }
    }
  }

  /** Members of one process hear of a rebalance one after the other; nobody shall hold what another still holds. */
  async #endOthers(partition: number): Promise<void> {
    for (const sibling of this.#siblings()) await sibling.#revoke([partition])
  }

  /** Members of this process in the same group, itself among them. */
  #siblings(): GroupMember[] {
    return [...this.members].filter(({ group, topic }) => group === this.group && topic === this.topic)
  }

  async #revoke(partitions: readonly number[]): Promise<void> {
    const leases = partitions.flatMap((partition) => this.#leases.get(partition) ?? [])
    await Promise.all(
      leases.map(async (lease) => {
        await lease.revoke()
        this.#forget(lease)
      }),
    )
  }

  #forget(lease: KafkaLease): void {
    if (this.#leases.get(lease.partition) === lease) this.#leases.delete(lease.partition)
  }
}

function groupAccess(group: string): Access {
  return { group: `Read on group ${group}` }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
