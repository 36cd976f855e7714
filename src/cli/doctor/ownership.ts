import type { KafkaBroker } from '../../adapters/kafka/kafka-broker.js'
import type { PipelineConfig } from '../../config/types.js'
import { consumerGroup } from '../../core/consumer-group.js'

/** Who works on a pipeline: the processes that share it, and what each of them has. */
export interface Ownership {
  readonly pipeline: string
  readonly topic: string
  readonly processes: readonly {
    readonly host: string
    readonly pid: number
    readonly partitions: readonly number[]
    /** The owner of partition 0 does, where training is on. */
    readonly trains: boolean
  }[]
  /** Of the input, in their order. `lag`: offsets that wait to be consumed, transaction markers among them. */
  readonly lag: readonly number[]
  /** Partitions that nobody has: no process runs, or a rebalance is under way. */
  readonly unowned: readonly number[]
}

export async function ownershipOf(
  broker: KafkaBroker,
  { name, topic, training }: PipelineConfig,
): Promise<Ownership> {
  const group = consumerGroup(name)
  const ranges = (await broker.describe(topic)) ?? []
  const committed = ranges.length === 0 ? [] : await broker.committed(group, topic)
  const members = await broker.members(group, topic)
  const owned = new Set(members.flatMap(({ partitions }) => partitions))
  return {
    pipeline: name,
    topic,
    processes: members.map((member) => ({
      ...member,
      trains: training.enabled && member.partitions.includes(0),
    })),
    lag: ranges.map(({ earliest, end }, i) => end - Math.max(earliest, committed[i] ?? earliest)),
    unowned: ranges.flatMap((_, partition) => (owned.has(partition) ? [] : [partition])),
  }
}

export function printOwnership({ pipeline, topic, processes, lag, unowned }: Ownership): string[] {
  const listed = (partitions: readonly number[]): string =>
    partitions.map((partition) => `${partition} (lag ${lag[partition] ?? 0})`).join(', ') || 'none'
  const nobody = unowned.length === 0 ? [] : [`  nobody           ${listed(unowned)}`]
  return [
    `pipeline ${pipeline}, topic ${topic}: ${processes.length} process${processes.length === 1 ? '' : 'es'}`,
    ...processes.map(
      ({ host, pid, partitions, trains }) =>
        `  ${`${host}:${pid}`.padEnd(15)}  ${listed(partitions)}${trains ? '; trains' : ''}`,
    ),
    ...nobody,
  ]
}
