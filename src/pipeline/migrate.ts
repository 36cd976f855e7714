import type { PipelineConfig } from '../config/types.js'
import { consumerGroup } from '../core/consumer-group.js'
import { BrokerError, type Broker, type PartitionLease } from '../ports/broker.js'
import type { ModelStore } from '../ports/model-store.js'
import { holdAll } from './hold.js'
import { copyLog, type OffsetMap } from './copy-log.js'
import {
  decodeAnyMeta,
  decodeMarks,
  decodeRebuild,
  encodeMarks,
  encodeMeta,
  ofTopic,
  signature,
} from './partition-meta.js'
import type { PartitionMarks } from './partition-meta.js'

/** A pipeline where it is, or is to be. */
export interface Home {
  readonly broker: Broker & { readonly models: ModelStore }
  readonly config: PipelineConfig
}

export interface MigrateOptions {
  /** Copies the whole input, and not only what has not been consumed yet. */
  readonly withLog: boolean
  /** Only says what would be done. */
  readonly dryRun: boolean
  readonly onProgress: (what: string, done: number, of: number) => void
}

export interface Migrated {
  readonly pipeline: string
  readonly partitions: number
  readonly records: number
  readonly states: number
  readonly models: number
  readonly champion: number | null
}

/**
 * Takes a pipeline to another broker: its states, models and champion, and of its input at least what has not been
 * consumed. Refuses a target where there is something of it already. Offsets are another topic's there, so all that a
 * state or the group says of them is put in terms of the records that were copied.
 */
export async function migrate(from: Home, to: Home, options: MigrateOptions): Promise<Migrated> {
  const { name, topic } = from.config
  if (signature(from.config) !== signature(to.config)) {
    throw new Error(
      `pipeline "${name}": its interval, season, horizon, quantiles, aggregate or model differ between the two ` +
        'configurations, so its states could not be read there',
    )
  }
  const partitions = (await from.broker.describe(topic))?.length
  if (partitions === undefined)
    throw new BrokerError('unknown-topic', `There is no topic ${topic} to take along.`)
  await assertNothingThere(to, partitions)
  return holdAll(from.broker, topic, consumerGroup(name), async (leases) => {
    const models = from.broker.models.list(name).length
    const champion = from.broker.models.champion(name)
    const plans = await Promise.all(leases.map((lease) => planOf(lease, options.withLog)))
    const ends = (await from.broker.describe(topic))!
    const toCopy = plans.reduce(
      (sum, { copyFrom }, i) => sum + Math.max(0, ends[i]!.end - Math.max(copyFrom, ends[i]!.earliest)),
      0,
    )
    const states = plans.reduce((sum, { rows }) => sum + rows, 0)
    const outcome = { pipeline: name, partitions, states, models, champion }
    if (options.dryRun) return { ...outcome, records: toCopy }
    const { topic: target, output, deadLetter } = to.config
    await to.broker.ensureTopics([target, output, deadLetter].map((one) => ({ name: one, partitions })))
    let records = 0
    const maps: OffsetMap[] = []
    for (const [i, { copyFrom }] of plans.entries()) {
      const map = await copyLog(from, to, i, copyFrom, (copied) => {
        records += copied
        options.onProgress('records', records, toCopy)
      })
      maps.push(map)
    }
    await copyModels(from, to)
    await holdAll(to.broker, target, consumerGroup(to.config.name), async (targets) => {
      let stored = 0
      for (const [i, lease] of leases.entries()) {
        await copyStates(lease, targets[i]!, maps[i]!, (rows) => {
          stored += rows
          options.onProgress('states', stored, states)
        })
      }
    })
    return { ...outcome, records }
  })
}

async function assertNothingThere({ broker, config }: Home, partitions: number): Promise<void> {
  const { name, topic } = config
  const present = await broker.describe(topic)
  const where = `on the target, pipeline "${name}"`
  if (present !== null && present.length !== partitions) {
    throw new Error(
      `${where}: topic ${topic} has ${present.length} partitions, its states lie in ${partitions}`,
    )
  }
  if (present?.some(({ end }) => end > 0) === true) {
    throw new Error(
      `${where}: topic ${topic} has, or had, records. Name another one, or delete and recreate it`,
    )
  }
  if (broker.models.list(name).length > 0) throw new Error(`${where} has models already`)
}

async function planOf(
  lease: PartitionLease,
  withLog: boolean,
): Promise<{ readonly copyFrom: number; readonly rows: number }> {
  const stored = await lease.states.meta()
  const meta = stored === null ? null : decodeAnyMeta(stored)
  let rows = 0
  if (meta !== null) for await (const chunk of lease.states.load()) rows += chunk.length
  // What has been forecast since the last snapshot is replayed there. Without a snapshot, everything is.
  const needed = meta === null ? 0 : Math.min(meta.offset + 1, lease.committed)
  return { copyFrom: withLog ? 0 : needed, rows }
}

async function copyModels(from: Home, to: Home): Promise<void> {
  const { name } = from.config
  for (const { version } of from.broker.models.list(name)) {
    const { version: given } = await to.broker.models.put(from.broker.models.get(name, version)!)
    if (given !== version) throw new Error(`version ${version} of the models of "${name}" became ${given}`)
  }
  const champion = from.broker.models.champion(name)
  if (champion !== null) await to.broker.models.setChampion(name, champion)
}

/** Until its last step, the partition has no states but those that a replay would rebuild: it may be interrupted. */
async function copyStates(
  from: PartitionLease,
  to: PartitionLease,
  map: OffsetMap,
  onRows: (rows: number) => void,
): Promise<void> {
  const stored = await from.states.meta()
  const { start, repeatBefore }: PartitionMarks = stored === null ? {} : decodeMarks(stored)
  const rebuild = stored === null ? null : decodeRebuild(stored)
  const there = encodeMarks(
    ofTopic(to.topicId, {
      ...(start === undefined ? {} : { start: map.to(start) }),
      ...(repeatBefore === undefined ? {} : { repeatBefore: map.to(repeatBefore) }),
    }),
    rebuild === null ? undefined : { from: map.to(rebuild.from), known: map.to(rebuild.known) },
  )
  await to.moveTo(map.to(from.committed), there)
  const meta = stored === null ? null : decodeAnyMeta(stored)
  if (meta === null) return
  for await (const chunk of from.states.load()) {
    const rows = chunk.map((row) => ({ ...row, offset: map.to(row.offset + 1) - 1 }))
    await to.checkpoint({ meta: there, rows })
    onRows(rows.length)
  }
  const offset = map.to(meta.offset + 1) - 1
  await to.checkpoint({ meta: encodeMeta({ ...meta, offset, marks: decodeMarks(there) }), rows: [] })
}
