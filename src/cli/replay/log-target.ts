import type { FileRow } from '../../adapters/files/observations.js'
import type { Broker } from '../../ports/broker.js'
import { UnfitValue, type ValueWriter, type WrittenValue } from '../../core/value-writer.js'
import { RegistryError } from '../../ports/schema-registry.js'
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
  readonly encode: (row: FileRow) => string
  /** Asked for before anything is created. Rejects with `RegistryError`. */
  readonly write: () => Promise<ValueWriter>
}

/** Appends through a broker that was opened for it. */
export async function openLogTarget(options: LogTargetOptions): Promise<Target> {
  const { broker, log, topic, partitions, appended, encode } = options
  let write: ValueWriter
  let description = log
  try {
    write = await writerOf(options)
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
        rows.map((row) => ({ topic, key: Buffer.from(row.series), ...fitted(row, write, encode) })),
      )
      return rows.length
    },
    close: () => broker.close(),
  }
}

async function writerOf({ write, topic }: LogTargetOptions): Promise<ValueWriter> {
  try {
    return await write()
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error
    throw new ReplayError(`rows for topic "${topic}" cannot be written: ${error.message}`, { cause: error })
  }
}

function fitted(row: FileRow, write: ValueWriter, encode: (row: FileRow) => string): WrittenValue {
  try {
    return write(encode(row))
  } catch (error) {
    if (!(error instanceof UnfitValue)) throw error
    const at = `${row.series} at ${row.ts}`
    throw new ReplayError(`the row of ${at} does not fit the topic: ${error.message}`, { cause: error })
  }
}
