import type { Batch, Broker, PartitionLease } from '../../src/ports/broker.js'

/**
 * The broker with an eye on its batches. `batch` is called for each with the number of its records, before it is handed
 * on, and may hold it up.
 */
export function watched(broker: Broker, batch: (records: number) => Promise<void>): Broker {
  const watch = (lease: PartitionLease): PartitionLease =>
    substitute(lease, {
      next: async (maxRecords: number): Promise<Batch> => {
        const next = await lease.next(maxRecords)
        await batch(next.records.length)
        return next
      },
    })
  return substitute(broker, {
    consume: (topic, group, assigned, delivery) =>
      broker.consume(topic, group, (lease) => assigned(watch(lease)), delivery),
  } satisfies Partial<Broker>)
}

function substitute<T extends object>(target: T, replaced: Partial<T>): T {
  return new Proxy(target, {
    get(_, name) {
      const value: unknown = Reflect.get(name in replaced ? replaced : target, name)
      const owner: object = name in replaced ? replaced : target
      return typeof value === 'function' ? (value as () => unknown).bind(owner) : value
    },
  })
}
