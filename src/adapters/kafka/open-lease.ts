import type { Delivery } from '../../ports/broker.js'
import { takeOverAccess, translated } from './errors.js'
import { PartitionFetcher } from './fetcher.js'
import { groupOffsets, type GroupOffset } from './group-offsets.js'
import { KafkaLease } from './lease.js'
import type { LeaseOwner } from './lease-parts.js'
import type { KafkaParts } from './parts.js'
import { Publisher } from './publisher.js'
import { RecordQueue } from './record-queue.js'
import { copyStates, statesTopic } from './states-topic.js'
import { Transactor } from './transactor.js'

/**
 * Takes a partition over. The order is what makes it exactly once: first the transactional id, which fences the owner
 * before and decides its last transaction; only then the committed offset and the states, which nobody else can
 * change any more.
 */
export async function openLease(
  parts: KafkaParts,
  group: string,
  topic: string,
  partition: number,
  delivery: Delivery,
  owner: LeaseOwner,
): Promise<KafkaLease> {
  const fetcher = new PartitionFetcher(parts.client, topic, partition)
  const refused = (error: unknown): unknown =>
    translated(error, `to let us take over ${topic}[${partition}]`, takeOverAccess(group, topic))
  const id = `tidecast-${group}-${topic}-${partition}`
  const transactor = await Transactor.open(parts.client, id).catch((error: unknown) => {
    throw refused(error)
  })
  try {
    if (partition >= (await parts.topics.partitionsOf(statesTopic(group)))) {
      const wanted = Math.max(partition + 1, await parts.topics.partitionsOf(topic))
      await parts.topics.extend(statesTopic(group), wanted)
    }
    const topicId = await fetcher.topicId()
    const earliest = await fetcher.earliest()
    const offsets = await groupOffsets(parts.admin, group, topic)
    const stored = offsets.get(partition)?.offset
    const partitions = await partitionsAtBegin(offsets, () => parts.topics.partitionsOf(topic))
    // Of what came while the group was at work nothing is passed over, wherever it began itself.
    const added = stored === undefined && partition >= partitions
    if (added) {
      const details = { topic, partition, group }
      parts.log(
        'info',
        'kafka: the input has got a partition, which is consumed from its first record',
        details,
      )
    }
    const committed = stored ?? (added ? 0 : earliest)
    const local = await parts.states()
    const ref = await local.refOf(group, topic, partition)
    await copyStates(parts, statesTopic(group), ref, local, transactor)
    const queue = new RecordQueue(fetcher, Math.max(committed, earliest), topicId)
    queue.skipped = Math.max(0, earliest - committed)
    const fresh = stored === undefined && !added
    const publisher = delivery.guarantee === 'at-least-once' ? new Publisher(parts.client) : null
    const { commitIntervalMs } = delivery
    const place = { parts, group, topic, partition, partitions, topicId, local, ref, owner, fresh }
    return new KafkaLease({ ...place, transactor, publisher, commitIntervalMs, fetcher, queue })
  } catch (error) {
    await transactor.close()
    await fetcher.close()
    throw refused(error)
  }
}

async function partitionsAtBegin(
  offsets: ReadonlyMap<number, GroupOffset>,
  now: () => Promise<number>,
): Promise<number> {
  const known = [...offsets.values()].flatMap(({ partitions }) => partitions ?? [])
  return known.length > 0 ? Math.min(...known) : now()
}
