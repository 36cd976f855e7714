import type { StartPosition } from '../config/types.js'
import type { Broker } from '../ports/broker.js'

/** The offset that a position means now. Times are those of the records in the log, not those inside their values. */
export async function offsetOf(
  broker: Pick<Broker, 'describe' | 'offsetAt'>,
  topic: string,
  partition: number,
  position: StartPosition,
  now: number,
): Promise<number> {
  if (typeof position === 'number') {
    return broker.offsetAt(topic, partition, position < 0 ? now + position : position)
  }
  const { earliest, end } = (await broker.describe(topic))![partition]!
  return position === 'earliest' ? earliest : end
}
