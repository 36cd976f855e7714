import { BrokerError, type Broker, type PartitionLease } from '../ports/broker.js'

/** Longer than a group takes to settle when nobody else is in it. */
const LONGEST_WAIT_MS = 60_000

/** Runs `use` while this process alone owns all partitions of a topic in a group. Rejects where others have some. */
export async function holdAll<T>(
  broker: Broker,
  topic: string,
  group: string,
  use: (leases: readonly PartitionLease[]) => Promise<T>,
  waitMs = LONGEST_WAIT_MS,
): Promise<T> {
  const count = (await broker.describe(topic))?.length
  if (count === undefined) throw new BrokerError('unknown-topic', `There is no topic ${topic}.`)
  const leases = new Map<number, PartitionLease>()
  let complete = (): void => undefined
  const all = new Promise<void>((resolve) => (complete = resolve))
  const consumption = await broker.consume(topic, group, (lease) => {
    leases.set(lease.partition, lease)
    if (leases.size === count) complete()
  })
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const message = `Others of the group ${group} hold partitions of ${topic}: stop them first.`
      reject(new BrokerError('locked', message, true))
    }, waitMs)
  })
  try {
    await Promise.race([all, late])
    return await use([...leases.values()].sort((a, b) => a.partition - b.partition))
  } finally {
    clearTimeout(timer)
    await consumption.close()
  }
}
