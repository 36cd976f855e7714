import type { Admin } from 'kafkajs'
import { decodeIntroduction } from './assignment.js'
import { AssignerProtocol } from './kafkajs.js'

/** A member of a consumer group as the group's coordinator knows it. */
export interface GroupMembership {
  readonly host: string
  readonly pid: number
  /** In ascending order; empty while a rebalance is under way. */
  readonly partitions: readonly number[]
}

/** Members in the order of their partitions. Empty for a group that has none, or is not known. */
export async function groupMembers(admin: Admin, group: string, topic: string): Promise<GroupMembership[]> {
  const { groups } = await admin.describeGroups([group])
  return (groups[0]?.members ?? [])
    .filter(({ memberMetadata }) => memberMetadata.length > 0)
    .map(({ memberMetadata, memberAssignment }) => {
      const { host, pid } = decodeIntroduction(memberMetadata)
      const assigned =
        memberAssignment.length === 0 ? null : AssignerProtocol.MemberAssignment.decode(memberAssignment)
      const partitions = [...(assigned?.assignment[topic] ?? [])].sort((a, b) => a - b)
      return { host, pid, partitions }
    })
    .sort((a, b) => (a.partitions[0] ?? Infinity) - (b.partitions[0] ?? Infinity) || a.pid - b.pid)
}
