import type { FileObservation } from '../../adapters/files/observations.js'
import type { Broker } from '../../ports/broker.js'
import { ReplayError } from './error.js'
import type { Target } from './target.js'

export interface LogTargetOptions {
  /** Closed with the target, also when there will be none. */
  readonly broker: Broker
  /** In words. */
  readonly log: string
  readonly topic: string
  /** Of the topic, if it has to be created. */
  readonly partitions: number
  /** Rows that were appended before: the topic must be there. */
  readonly appended: number
  readonly encode: (row: FileObservation) => string
}

/** Appends through a broker that was opened for it. */
export async function openLogTarget(options: LogTargetOptions): Promise<Target> {
  const { broker, log, topic, partitions, appended, encode } = options
  let description = log
  try {
    if ((await broker.describe(topic)) === null) {
      if (appended > 0) {
        throw new ReplayError(
          `${appended} rows were replayed before, but ${log} has no topic "${topic}" any more. ` +
            'Use --restart to replay the whole file.',
        )
      }
      // Without limits of retention: the daemon sets them when a pipeline takes the topic up.
      await broker.ensureTopics([{ name: topic, partitions }])
      description += `, where the topic is new and has partitions: ${partitions}`
    }
  } catch (error) {
    await broker.close()
    throw error
  }
  return {
    kind: 'log',
    description,
    append: async (rows) => {
      await broker.append(
        rows.map((row) => ({ topic, key: Buffer.from(row.series), value: Buffer.from(encode(row)) })),
      )
      return rows.length
    },
    close: () => broker.close(),
  }
}
