import { startEngine } from '../../adapters/tensorflow/engine.js'
import type { Config, PipelineConfig } from '../../config/types.js'
import { consumerGroup } from '../../core/consumer-group.js'
import { BASELINE, networkModel } from '../../pipeline/active-model.js'
import { continuation } from '../../pipeline/continuation.js'
import { asConfigured, fits } from '../../pipeline/fits.js'
import { holdAll } from '../../pipeline/hold.js'
import { areForeign, decodeMarks, decodeMeta, signature } from '../../pipeline/partition-meta.js'
import { restore } from '../../pipeline/restore.js'
import { BrokerError, type PartitionLease } from '../../ports/broker.js'
import { systemClock } from '../../ports/clock.js'
import type { Continuation, SampleRequest } from '../../ports/control.js'
import type { OpenBroker } from '../broker.js'
import type { CliContext } from '../context.js'
import { addressOf } from '../http/address.js'
import { HttpClient } from '../http/http-client.js'
import { withOwnLog } from '../with-log.js'

/**
 * Goes on from a series: through the daemon that is at work on it or, where none is, from the states that were stored.
 * Neither is changed. `null`: nothing is known of the series.
 */
export async function sample(
  config: Config,
  pipeline: PipelineConfig,
  series: string,
  request: SampleRequest,
  context: CliContext,
): Promise<Continuation | null> {
  const found = await withOwnLog(config, context, async (broker) => {
    // On Kafka, joining the group to find out would take partitions from those at work.
    const members =
      broker.kind === 'kafka' ? await broker.members(consumerGroup(pipeline.name), pipeline.topic) : []
    return members.length > 0 ? 'in use' : fromStored(broker, config, pipeline, series, request)
  }).catch((error: unknown) => {
    if (error instanceof BrokerError && error.code === 'locked') return 'in use' as const
    throw error
  })
  return found === 'in use' ? throughDaemon(config, pipeline, series, request) : found
}

async function throughDaemon(
  { http }: Config,
  { name }: PipelineConfig,
  series: string,
  { length, temperature, seed }: SampleRequest,
): Promise<Continuation | null> {
  const path = [name, 'series', series, 'sample'].map(encodeURIComponent).join('/')
  const query = `length=${length}&temperature=${temperature}&seed=${seed}`
  const address = addressOf(http)
  const client = new HttpClient(address)
  const { status, body, error } = await client.get(`/api/v1/pipelines/${path}?${query}`)
  if (status === 200) return body as unknown as Continuation
  if (error.code === 'no-forecast') return null
  throw new Error(`the daemon at ${address.url} refused (${status}): ${error.message}`)
}

async function fromStored(
  broker: OpenBroker,
  config: Config,
  pipeline: PipelineConfig,
  series: string,
  request: SampleRequest,
): Promise<Continuation | null> {
  const { name, topic } = pipeline
  if ((await broker.describe(topic)) === null) return null
  const version = broker.models.champion(name)
  const champion = version === null ? null : broker.models.get(name, version)
  const engine = await startEngine({ ...config.engine, ...config.inference }, () => undefined)
  try {
    const model =
      champion === null || !fits(champion.spec, pipeline)
        ? BASELINE
        : networkModel(
            champion.version,
            await engine.load(asConfigured(champion.spec, pipeline), champion.weights),
            champion.report.to,
          )
    return await holdAll(broker, topic, consumerGroup(name), async (leases) => {
      for (const lease of leases) {
        if (!(await isReadable(lease, pipeline))) continue
        const { partition } = await restore(lease, broker, pipeline, model, systemClock)
        const branch = await partition.branch(series)
        if (branch !== null) return continuation(branch, request)
      }
      return null
    })
  } finally {
    await engine.close()
  }
}

/** Others hold nothing, and to restore them would write where they begin. */
async function isReadable({ states, topicId }: PartitionLease, config: PipelineConfig): Promise<boolean> {
  const stored = await states.meta()
  if (stored === null || areForeign(decodeMarks(stored), topicId)) return false
  return decodeMeta(stored, signature(config)) !== null
}
