import type { PipelineConfig } from '../config/types.js'
import { Decoder } from '../core/decode.js'
import { StateLayout } from '../core/layout.js'
import type { SchemaLookup } from '../core/value-format.js'
import type { Broker, PartitionLease } from '../ports/broker.js'
import type { Rebuild } from './partition-meta.js'

/** So many records are replayed in any case: it takes a second. */
const LEAST = 20_000
/** Records before the committed one whose middle time stamp says what time it is there: one wild one says nothing. */
const SAMPLE = 1000
/**
 * Seasons until profiles and calibration, and observations until scaler and errors, are close to what they would be had
 * the series been there always: two half-lives of the scaler (56 short seasons), four of a walk's slow one. With the
 * half of it, hourly loads were forecast from another season than before the loss, and walks 10 % too narrow.
 */
const SHORT_SEASONS = 56
const LONG_SEASONS = 8
const OBSERVATIONS = 1000

type Past = Pick<PartitionLease, 'topic' | 'partition' | 'committed' | 'revoked'>

/**
 * How much of the input is enough to rebuild a partition's states from nothing, however long the topic is. On a grid of
 * time that is a span of the records' time stamps; a time of arrival, too, is at least as long ago as what it came with.
 * On the observation grid it is so many records that a series has had enough of them on average. A series that has not
 * come in it is a new one when it comes back.
 * @param start where the pipeline began
 * @throws where schemas that the records need cannot be asked for (`RegistryError`), or the broker (`BrokerError`)
 */
export async function recentPast(
  lease: Past,
  broker: Pick<Broker, 'read' | 'describe' | 'offsetAt'>,
  config: PipelineConfig,
  start: number,
  lookup: SchemaLookup | null,
): Promise<Rebuild> {
  const { topic, partition, committed } = lease
  const { earliest } = (await broker.describe(topic))![partition]!
  const first = Math.min(committed, Math.max(start, earliest))
  const least = Math.max(first, committed - LEAST)
  if (least === first) return { from: first, known: first }
  const from =
    config.interval > 0
      ? Math.min(least, await offsetBefore(lease, broker, spanOf(config)))
      : await offsetOfEnough(lease, broker, config, least, first, lookup)
  return from <= first
    ? { from: first, known: first }
    : { from, known: from + Math.floor((committed - from) / 2) }
}

/** Steps of a series after which its state is as good as if it had been there always. */
function stepsOf(config: PipelineConfig): number {
  const { kind, short, long, ringSize } = new StateLayout(config)
  const learning = kind === 'seasonal' ? Math.max(SHORT_SEASONS * short, LONG_SEASONS * long) : OBSERVATIONS
  return ringSize + learning + config.model.warmUp
}

/** ms */
function spanOf(config: PipelineConfig): number {
  return (stepsOf(config) + config.gaps.maxSteps) * config.interval + config.allowedLateness
}

/** The first record that is no more than `span` (ms) older than the last ones before the committed offset. */
async function offsetBefore(
  { topic, partition, committed }: Past,
  broker: Pick<Broker, 'read' | 'offsetAt'>,
  span: number,
): Promise<number> {
  const times: number[] = []
  const range = { fromOffset: committed - SAMPLE, toOffset: committed }
  for await (const records of broker.read(topic, partition, range)) {
    for (const { timestamp } of records) times.push(timestamp)
  }
  const now = times.sort((a, b) => a - b)[times.length >> 1]
  // Records without a time stamp say nothing, and are all needed.
  return now === undefined || now <= span ? 0 : broker.offsetAt(topic, partition, now - span)
}

/** Goes back in growing strides until the series found have had enough records on average. */
async function offsetOfEnough(
  lease: Past,
  broker: Pick<Broker, 'read'>,
  config: PipelineConfig,
  least: number,
  first: number,
  lookup: SchemaLookup | null,
): Promise<number> {
  const steps = stepsOf(config)
  const decoder = new Decoder(config, lookup)
  const series = new Set<string>()
  let count = 0
  let from = lease.committed
  for (let next = least; ; next = Math.max(first, lease.committed - 2 * (lease.committed - from))) {
    const range = { fromOffset: next, toOffset: from }
    for await (const records of broker.read(lease.topic, lease.partition, range)) {
      lease.revoked.throwIfAborted()
      await decoder.prepare(records)
      for (const { key, value, timestamp } of records) {
        // Of a symbol, which is no number here, it is the series that is asked for.
        decoder.decode(key, value, timestamp)
        series.add(decoder.out.series)
      }
      count += records.length
    }
    from = next
    if (from === first || count >= steps * series.size) return from
  }
}
