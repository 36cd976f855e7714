import type { PipelineConfig } from '../config/types.js'
import { redriveGroup } from '../core/consumer-group.js'
import type { RejectReason } from '../core/decode.js'
import type { Broker, LogRecord, OutboundRecord, PartitionLease, RecordHeaders } from '../ports/broker.js'
import { TRUNCATED_HEADER } from './dead-letter.js'
import { holdAll } from './hold.js'

export interface RedriveOptions {
  /** Only letters with one of these reasons. */
  readonly reasons: readonly RejectReason[]
  /** Also letters that were cut because their broker would not have taken them: what is sent is not what came. */
  readonly truncated: boolean
  /** At most so many letters. */
  readonly limit: number
  /** Only count them. */
  readonly dryRun: boolean
  readonly onProgress: (sent: number, of: number) => void
  /** When aborted, what is under way is ended, and the rest stays for another time. */
  readonly signal: AbortSignal
}

export interface RedriveReport {
  /** Letters to be sent, by reason. */
  readonly found: Readonly<Partial<Record<RejectReason, number>>>
  readonly sent: number
  /** Letters passed over since they were cut. */
  readonly truncated: number
}

const BATCH = 1000
/** How often a record has been sent back to the input; kept by the dead letter it may become again. */
export const REDRIVE_HEADER = 'tidecast-redrive'
const CUT = 'truncated'

/** Letters with one reason; those that were cut are another kind, so that they can be sent later. */
type Kind = RejectReason | `${RejectReason} ${typeof CUT}`

/** By kind, the offset up to which letters have been sent. Stored as the group's state of the partition, as JSON. */
type Done = Partial<Record<Kind, number>>

interface Plan {
  readonly lease: PartitionLease
  readonly done: Done
  /** First offset to look at. */
  readonly from: number
  /** Offset of the last letter to be sent. */
  readonly last: number
}

/**
 * Sends dead letters back to their pipeline's input, each once: the letters of a batch, and how far this has come, are
 * one transaction. Those there when it starts, that is; letters they become again are for another time.
 */
export async function redrive(
  broker: Broker,
  config: PipelineConfig,
  options: RedriveOptions,
): Promise<RedriveReport> {
  const ends = await broker.describe(config.deadLetter)
  const partitions = (await broker.describe(config.topic))?.length
  if (ends === null || partitions === undefined) return { found: {}, sent: 0, truncated: 0 }
  const kinds = kindsOf(options)
  return holdAll(broker, config.deadLetter, redriveGroup(config.name), async (leases) => {
    const found: Partial<Record<RejectReason, number>> = {}
    const plans: Plan[] = []
    let total = 0
    let truncated = 0
    for (const lease of leases) {
      const plan = await planOf(broker, lease, ends[lease.partition]!.end, kinds, (reason, sendable) => {
        if (total === options.limit) return false
        if (sendable) {
          total++
          found[reason] = (found[reason] ?? 0) + 1
        } else if (options.reasons.includes(reason)) truncated++
        return true
      })
      if (plan !== null) plans.push(plan)
    }
    let sent = 0
    if (!options.dryRun) {
      for (const plan of plans) {
        for await (const count of send(plan, config, partitions, kinds, options.signal)) {
          sent += count
          options.onProgress(sent, total)
        }
      }
    }
    return { found, sent, truncated }
  })
}

async function planOf(
  broker: Broker,
  lease: PartitionLease,
  end: number,
  kinds: readonly Kind[],
  take: (reason: RejectReason, sendable: boolean) => boolean,
): Promise<Plan | null> {
  const meta = await lease.states.meta()
  const done = meta === null ? {} : (JSON.parse(Buffer.from(meta).toString()) as Done)
  const from = Math.min(...kinds.map((kind) => (done[kind] ?? -1) + 1))
  let last = -1
  scan: for await (const records of broker.read(lease.topic, lease.partition, {
    fromOffset: from,
    toOffset: end,
  })) {
    for (const letter of records) {
      const sendable = isWanted(letter, kinds, done)
      if (!sendable && !isCut(letter)) continue
      if (!take(reasonOf(letter), sendable)) break scan
      if (sendable) last = letter.offset
    }
  }
  return last < 0 ? null : { lease, done, from, last }
}

async function* send(
  { lease, done, from, last }: Plan,
  { topic }: PipelineConfig,
  partitions: number,
  kinds: readonly Kind[],
  signal: AbortSignal,
): AsyncGenerator<number> {
  await lease.moveTo(from, encode(done))
  while (lease.committed <= last && !signal.aborted) {
    let batch = await lease.next(BATCH)
    const beyond = batch.records.findIndex(({ offset }) => offset > last)
    if (beyond === 0) return // retention has deleted the rest meanwhile
    if (beyond > 0) {
      batch.abandon()
      batch = await lease.next(beyond)
    }
    const letters = batch.records.filter((letter) => isWanted(letter, kinds, done))
    const reached = batch.records.at(-1)!.offset
    for (const kind of kinds) done[kind] = Math.max(done[kind] ?? -1, reached)
    await batch.settle({
      outputs: letters.map((letter) => backToInput(letter, topic, partitions)),
      snapshot: { meta: encode(done), rows: [] },
    })
    yield letters.length
  }
}

function kindsOf({ reasons, truncated }: RedriveOptions): Kind[] {
  return truncated ? reasons.flatMap((reason): Kind[] => [reason, `${reason} ${CUT}`]) : [...reasons]
}

function isWanted(letter: LogRecord, kinds: readonly Kind[], done: Done): boolean {
  const kind = isCut(letter) ? (`${reasonOf(letter)} ${CUT}` as const) : reasonOf(letter)
  return kinds.includes(kind) && letter.offset > (done[kind] ?? -1)
}

/** As it stands there: of another program's letters it may be none of ours. */
function reasonOf({ headers }: LogRecord): RejectReason {
  return textOf(headers, 'tidecast-reason') as RejectReason
}

function isCut({ headers }: LogRecord): boolean {
  return headers?.[TRUNCATED_HEADER] !== undefined
}

/** To the partition it came from, where its series' state is; headers of its own stay. */
function backToInput(letter: LogRecord, topic: string, partitions: number): OutboundRecord {
  const { key, value, timestamp, headers = {} } = letter
  const partition = Number(textOf(headers, 'tidecast-partition') || NaN)
  const known = textOf(headers, 'tidecast-topic') === topic && partition < partitions
  const times = Number(textOf(headers, REDRIVE_HEADER) || 0) + 1
  const own = Object.entries(headers).filter(([name]) => !name.startsWith('tidecast-'))
  return {
    topic,
    ...(known ? { partition } : {}),
    timestamp,
    key,
    value,
    headers: { ...Object.fromEntries(own), [REDRIVE_HEADER]: Buffer.from(String(times)) },
  }
}

function textOf(headers: RecordHeaders | undefined, name: string): string {
  return Buffer.from(headers?.[name] ?? []).toString()
}

function encode(done: Done): Uint8Array {
  return Buffer.from(JSON.stringify(done))
}
