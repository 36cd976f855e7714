import { AssignerProtocol } from './kafkajs.js'
import type { Assigner, PartitionAssigner } from 'kafkajs'

/** What a member says of itself when it joins. */
export interface MemberClaim {
  readonly owned: readonly number[]
  /** Partitions it gave back: they go to others, or to nobody. */
  readonly declined: readonly number[]
}

/** The same, and where it runs, for whoever looks on. */
export interface MemberIntroduction extends MemberClaim {
  readonly host: string
  readonly pid: number
}

/**
 * Who gets which partition: everybody keeps what it has, up to its share, since states would have to move; the rest goes
 * to whoever has least. Members and their shares are taken in the order of `claims`.
 */
export function assignPartitions(
  partitions: number,
  claims: ReadonlyMap<string, MemberClaim>,
): Map<string, number[]> {
  const assigned = new Map<string, number[]>([...claims.keys()].map((member) => [member, []]))
  const share = Math.ceil(partitions / claims.size)
  const free = new Set(Array.from({ length: partitions }, (_, partition) => partition))
  const give = (member: string, partition: number): void => {
    assigned.get(member)!.push(partition)
    free.delete(partition)
  }
  for (const [member, { owned, declined }] of claims) {
    for (const partition of owned) {
      const full = assigned.get(member)!.length >= share
      if (!full && free.has(partition) && !declined.includes(partition)) give(member, partition)
    }
  }
  for (const partition of [...free]) {
    const eligible = [...claims].filter(([, { declined }]) => !declined.includes(partition))
    const [least] = eligible
      .map(([member]) => ({ member, count: assigned.get(member)!.length }))
      .sort((a, b) => a.count - b.count)
    if (least !== undefined) give(least.member, partition)
  }
  return assigned
}

/** The same, as kafkajs asks for it: the leader of the group assigns for all members. */
export function assigner(introduce: () => MemberIntroduction): PartitionAssigner {
  return ({ cluster }): Assigner => ({
    name: 'tidecast',
    version: 1,
    protocol({ topics }) {
      const userData = Buffer.from(JSON.stringify(introduce()))
      return {
        name: this.name,
        metadata: AssignerProtocol.MemberMetadata.encode({ version: 1, topics, userData }),
      }
    },
    assign({ members, topics }) {
      const topic = topics[0]!
      const claims = new Map(
        members
          .map(({ memberId, memberMetadata }) => [memberId, decodeIntroduction(memberMetadata)] as const)
          .sort(([a], [b]) => (a < b ? -1 : 1)),
      )
      const assigned = assignPartitions(cluster.findTopicPartitionMetadata(topic).length, claims)
      return Promise.resolve(
        [...assigned].map(([memberId, partitions]) => ({
          memberId,
          memberAssignment: AssignerProtocol.MemberAssignment.encode({
            version: 1,
            assignment: { [topic]: partitions },
            userData: Buffer.alloc(0),
          }),
        })),
      )
    },
  })
}

export function decodeIntroduction(metadata: Buffer): MemberIntroduction {
  const { userData } = AssignerProtocol.MemberMetadata.decode(metadata)!
  return JSON.parse(userData.toString()) as MemberIntroduction
}
