import type { Consumption, PartitionLease } from '../../ports/broker.js'
import { EmbeddedLease } from './lease.js'
import type { Stores } from './stores.js'
import type { Topic } from './topics.js'

/** One call of `consume`. */
interface Member {
  readonly assigned: (lease: PartitionLease) => void
  /** Partitions it gave back: they are offered to others, not to it again. */
  readonly declined: Set<number>
}

interface Slot {
  owner: Member | null
  lease: EmbeddedLease | null
}

/**
 * One group on one topic. The rule is simple, because all members are in this process: a free partition goes to the
 * member that joined first and has not given it back. Later members wait until one before them leaves or lets go.
 */
class GroupOnTopic {
  readonly #members: Member[] = []
  readonly #slots: Slot[]

  constructor(
    private readonly stores: Stores,
    private readonly topic: Topic,
    private readonly groupId: number,
  ) {
    this.#slots = Array.from({ length: topic.partitions }, () => ({ owner: null, lease: null }))
  }

  join(assigned: (lease: PartitionLease) => void): Consumption {
    const member: Member = { assigned, declined: new Set() }
    this.#members.push(member)
    this.#assign()
    return { trouble: () => null, close: () => this.#leave(member) }
  }

  async revokeAll(): Promise<void> {
    this.#members.length = 0
    await Promise.all(this.#slots.map(async ({ lease }) => lease?.revoke()))
  }

  async #leave(member: Member): Promise<void> {
    const at = this.#members.indexOf(member)
    if (at < 0) return
    this.#members.splice(at, 1)
    await Promise.all(this.#slots.filter(({ owner }) => owner === member).map((slot) => this.#free(slot)))
    this.#assign()
  }

  /** The slot stays taken until a settlement under way has ended. */
  async #free(slot: Slot): Promise<void> {
    await slot.lease?.revoke()
    slot.owner = null
    slot.lease = null
  }

  #assign(): void {
    if (this.stores.environment.closed) return
    this.#slots.forEach((slot, partition) => {
      if (slot.owner !== null) return
      const member = this.#members.find(({ declined }) => !declined.has(partition))
      if (member === undefined) return
      const giveBack = async (): Promise<void> => {
        member.declined.add(partition)
        await this.#free(slot)
        this.#assign()
      }
      const logRef = { id: this.topic.id, partition }
      const groupRef = { id: this.groupId, partition }
      slot.owner = member
      const { name, uuid = null } = this.topic
      slot.lease = new EmbeddedLease(name, partition, uuid, this.stores, logRef, groupRef, giveBack)
      member.assigned(slot.lease)
    })
  }
}

export class Groups {
  readonly #groups = new Map<number, GroupOnTopic>()

  constructor(private readonly stores: Stores) {}

  async join(
    topicName: string,
    group: string,
    assigned: (lease: PartitionLease) => void,
  ): Promise<Consumption> {
    const topic = this.stores.topics.get(topicName)
    const id = await this.stores.groups.idOf(group, topicName)
    this.stores.environment.assertOpen()
    const members = this.#groups.get(id) ?? new GroupOnTopic(this.stores, topic, id)
    this.#groups.set(id, members)
    return members.join(assigned)
  }

  async close(): Promise<void> {
    await Promise.all([...this.#groups.values()].map((group) => group.revokeAll()))
  }
}
