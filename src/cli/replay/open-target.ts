import type { FileRow } from '../../adapters/files/observations.js'
import type { Config } from '../../config/types.js'
import type { InputEncoding } from '../../core/value-format.js'
import type { ValueWriter } from '../../core/value-writer.js'
import { BrokerError } from '../../ports/broker.js'
import { systemClock } from '../../ports/clock.js'
import { brokerPlace, describePlace, openBroker } from '../broker.js'
import { InputWriters } from '../input-writers.js'
import { addressOf, NoDaemon, tokenOf } from '../http/address.js'
import { HttpClient } from '../http/http-client.js'
import { openRegistry, registryPlace } from '../registry.js'
import { rowEncoder } from './encode-row.js'
import { ReplayError } from './error.js'
import { HttpTarget } from './http-target.js'
import { openLogTarget } from './log-target.js'
import type { Timer } from './pacer.js'
import type { Target } from './target.js'

export interface OpenTargetOptions {
  readonly config: Config
  /** As an absolute path. */
  readonly dataDir: string
  readonly topic: string
  readonly appended: number
  readonly pid: number
  readonly timer: Timer
  readonly onBusy: (seconds: number) => void
}

/**
 * The log itself, which Kafka always is, or, where a process holds it, that process' HTTP interface. The lock is asked first, because it alone
 * tells whether a daemon runs on this data directory: one that answers on the port may be another's.
 */
export async function openTarget(options: OpenTargetOptions): Promise<Target> {
  const { config, dataDir, topic, appended, pid } = options
  const readers = config.pipelines.filter((pipeline) => pipeline.topic === topic)
  const encode = rowEncoder(
    readers.flatMap(({ fields, encoding }) => (isRaw(encoding.input) ? [] : [fields])),
  )
  const partitions = readers[0]?.partitions ?? 1
  const place = brokerPlace(config, dataDir)
  try {
    const broker = await openBroker(place, { clock: systemClock, pid })
    const writers = new InputWriters(config.pipelines, openRegistry(registryPlace(config.schemaRegistry)))
    const write = (): Promise<ValueWriter> => writers.of(topic)
    const log = describePlace(place)
    return await openLogTarget({ broker, log, topic, partitions, appended, encode, write })
  } catch (error) {
    if (!(error instanceof BrokerError && error.code === 'locked')) throw error
    return openHttpTarget(options, encode, error)
  }
}

/** Raw values have no fields. */
function isRaw(encoding: InputEncoding): boolean {
  return encoding === 'raw' || encoding === 'raw-double'
}

async function openHttpTarget(
  { config, dataDir, topic, timer, onBusy }: OpenTargetOptions,
  encode: (row: FileRow) => string,
  locked: BrokerError,
): Promise<Target> {
  const { http } = config
  try {
    const address = addressOf(http)
    const token = await tokenOf(http, dataDir)
    await new HttpClient(address, token).pipelines()
    const { maxBodyBytes, maxRecordsPerRequest } = http
    return new HttpTarget({
      address,
      token,
      topic,
      maxBodyBytes,
      maxRecordsPerRequest,
      encode,
      timer,
      onBusy,
    })
  } catch (error) {
    if (!(error instanceof NoDaemon)) throw error
    throw new ReplayError(
      `the log is in use, and rows cannot go through the HTTP interface of a daemon: ${error.message}.\nWhere a daemon ` +
        'runs on this data directory, tell its port with --set http.port=<port> and its token with TIDECAST_HTTP_TOKEN. ' +
        `Otherwise: ${locked.message}`,
      { cause: locked },
    )
  }
}
