import type { PipelineConfig } from '../config/types.js'
import { covariateOf } from '../core/decode.js'
import { KnownAhead } from '../core/known-ahead.js'
import { parseTimestamp } from '../core/timestamp.js'
import type { Broker, LogRecord } from '../ports/broker.js'

type Reader = Pick<Broker, 'describe' | 'read'>
type Settings = Pick<PipelineConfig, 'interval' | 'limits' | 'futureCovariates'>

/** Largest time stamp a Date can hold. */
const LAST_DATE = 8.64e15
/** One wild time stamp must not stay while what is near is dropped: nobody foretells more than two years. */
const FARTHEST_AHEAD = 2 * 366 * 86_400_000

/** What `refresh` has found since it was last asked. */
export interface CovariateReadings {
  readonly used: number
  /** Records that could not be used: they are passed over. */
  readonly unused: number
}

/**
 * A topic of covariates that are known ahead, as a table in memory: read from its oldest record on by every process that
 * forecasts or trains, without a group of its own. Nothing of it is consumed or committed; see `refresh`.
 */
export class CovariateTopic {
  readonly table: KnownAhead
  private readonly utf8 = new TextDecoder('utf-8', { fatal: true })
  /** By partition: the next offset to read. */
  private readonly next: number[] = []
  private readonly topic: string
  /** False after a look at a topic that there is not, or that this user may not read. */
  there = true
  private used = 0
  private unused = 0
  private turn: Promise<void> | null = null

  /** `null` where none is configured. */
  static of(broker: Reader, config: Settings): CovariateTopic | null {
    const { topic } = config.futureCovariates
    return topic === null ? null : new CovariateTopic(broker, config, topic)
  }

  private constructor(
    private readonly broker: Reader,
    private readonly config: Settings,
    topic: string,
  ) {
    const { names, maxValues } = config.futureCovariates
    this.topic = topic
    this.table = new KnownAhead(names.length, config.interval, maxValues)
  }

  /**
   * Reads what has been appended since; of those who ask at once only one reads. Afterwards everything is in the table that
   * was in the topic when this was called. Rejects with `BrokerError` where that cannot be read now.
   */
  refresh(): Promise<void> {
    this.turn ??= this.read().finally(() => (this.turn = null))
    return this.turn
  }

  /** Since it was last asked. */
  readings(): CovariateReadings {
    const { used, unused } = this
    this.used = this.unused = 0
    return { used, unused }
  }

  private async read(): Promise<void> {
    const partitions = await this.broker.describe(this.topic)
    this.there = partitions !== null
    for (const [partition, { earliest, end }] of (partitions ?? []).entries()) {
      // A topic that was made anew begins anew.
      const before = this.next[partition] ?? 0
      const fromOffset = Math.max(earliest, before > end ? 0 : before)
      if (fromOffset >= end) continue
      for await (const records of this.broker.read(this.topic, partition, { fromOffset, toOffset: end })) {
        for (const record of records) {
          if (this.take(record)) this.used++
          else this.unused++
          this.next[partition] = record.offset + 1
        }
      }
      this.next[partition] = end
    }
  }

  /** @returns false where it says nothing that could be used */
  private take({ key, value, timestamp }: LogRecord): boolean {
    const { limits, futureCovariates } = this.config
    if (key === null || key.byteLength > limits.maxKeyBytes) return false
    if (value !== null && value.byteLength > limits.maxValueBytes) return false
    let series: string
    let json: unknown
    try {
      series = this.utf8.decode(key)
      json = value === null ? null : JSON.parse(this.utf8.decode(value))
    } catch {
      return false
    }
    if (value === null) {
      this.table.drop(series)
      return true
    }
    if (!isObject(json)) return false
    const { ts, covariates } = json
    const at = typeof ts === 'string' ? parseTimestamp(ts) : typeof ts === 'number' ? ts : NaN
    if (!(Math.abs(at) <= LAST_DATE) || !isObject(covariates)) return false
    if (at - timestamp > FARTHEST_AHEAD) return false
    const told = futureCovariates.names.map((name) =>
      Object.hasOwn(covariates, name) ? covariateOf(covariates[name]) : undefined,
    )
    if (told.every((one) => one === undefined)) return false
    this.table.put(series, at, told)
    return true
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
