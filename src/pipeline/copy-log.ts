import { BrokerError, type Broker } from '../ports/broker.js'

/** Which offset of a copied partition is which of its copy. */
export class OffsetMap {
  constructor(
    private readonly original: readonly number[],
    /** As many, of the same records. */
    private readonly copy: readonly number[],
    /** Offset of the copy's next record. */
    private readonly end: number,
  ) {}

  /** Where the copy has the first record that the original has at `offset` or later; its end where there is none. */
  to(offset: number): number {
    let low = 0
    for (let high = this.original.length; low < high;) {
      const middle = (low + high) >>> 1
      if (this.original[middle]! < offset) low = middle + 1
      else high = middle
    }
    return this.copy[low] ?? this.end
  }
}

interface Place {
  readonly broker: Broker
  readonly config: { readonly topic: string }
}

/** Copies a partition from `copyFrom` on to the same one of another topic, which nobody else may write to meanwhile. */
export async function copyLog(
  from: Place,
  to: Place,
  partition: number,
  copyFrom: number,
  onCopied: (records: number) => void,
): Promise<OffsetMap> {
  const { topic } = to.config
  const endOf = async (): Promise<number> => (await to.broker.describe(topic))![partition]!.end
  const begin = await endOf()
  const original: number[] = []
  for await (const records of from.broker.read(from.config.topic, partition, { fromOffset: copyFrom })) {
    await to.broker.append(records.map((record) => ({ ...record, topic, partition })))
    for (const { offset } of records) original.push(offset)
    onCopied(records.length)
  }
  // On Kafka, the ends of transactions have offsets too: only reading tells those of the records.
  const copy: number[] = []
  for await (const records of to.broker.read(topic, partition, { fromOffset: begin })) {
    for (const { offset } of records) copy.push(offset)
  }
  if (copy.length !== original.length) {
    throw new BrokerError(
      'unavailable',
      `Somebody else writes to ${topic}[${partition}], or not all of it can be read: it has ${copy.length} records ` +
        `instead of ${original.length}. Delete the topic and start over.`,
    )
  }
  return new OffsetMap(original, copy, await endOf())
}
