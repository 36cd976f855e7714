import { BrokerError } from '../../ports/broker.js'
import type { LogRecord, PartitionInfo, ReadRange } from '../../ports/broker.js'
import type { PartitionFetcher } from './fetcher.js'

export const WAIT_MS = 200
/** A transaction that stays open longer than this is passed by: its owner died, and it may take a minute to time out. */
export const LONGEST_STALL_MS = 5_000

/**
 * Committed records of a partition from its beginning, or `range`, to the end it has now. What was committed just before
 * may still wait for its marker there, so this waits until the end has become stable. Where `range` names the end, nothing
 * before it may be missing: rejects with 'unavailable' when it cannot be reached.
 */
export async function* readPartition(
  fetcher: PartitionFetcher,
  { earliest, end }: PartitionInfo,
  { fromOffset, toOffset, fromTimestamp = -Infinity, toTimestamp = Infinity }: ReadRange = {},
): AsyncGenerator<readonly LogRecord[]> {
  let position = Math.max(fromOffset ?? earliest, earliest)
  const to = toOffset ?? end
  let moved = performance.now()
  while (position < to) {
    const { records, next } = await fetcher.fetch(position, WAIT_MS)
    if (next > position) moved = performance.now()
    else if (performance.now() - moved > LONGEST_STALL_MS) {
      if (toOffset === undefined) return
      throw stalled(fetcher, position)
    }
    position = next
    const wanted = records.filter(
      ({ offset, timestamp }) => offset < to && timestamp >= fromTimestamp && timestamp < toTimestamp,
    )
    if (wanted.length > 0) yield wanted
  }
}

export function stalled({ topic, partition }: PartitionFetcher, position: number): BrokerError {
  const where = `${topic}[${partition}]`
  const message = `${where} cannot be read to its end: a transaction is open at offset ${position}. Try again.`
  return new BrokerError('unavailable', message, true)
}
