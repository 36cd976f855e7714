/**
 * A process with the log open, for tests of what several processes, or a killed one, do to it.
 * Arguments: mode, directory. Reports one line per event on standard output.
 */
import { once } from 'node:events'
import { writeSync } from 'node:fs'
import { BrokerError } from '../../../src/ports/broker.js'
import type { EmbeddedBroker } from '../../../src/adapters/embedded/embedded-broker.js'
import type { OutboundRecord, PartitionLease } from '../../../src/ports/broker.js'
import { join, values } from '../../contract/broker-helpers.js'
import { openLog } from './temporary-log.js'

export const FEED = 40
export const READ_TARGET = 20_000

const [, , mode, dir = ''] = process.argv

/** Synchronous, so that nothing reported is lost in a buffer when the process is killed. */
function report(line: string | number): void {
  writeSync(1, `${line}\n`)
}

const modes: Readonly<Record<string, () => Promise<void>>> = {
  hold,
  settle: async () => settle(await openLog(dir)),
  read: async () => read(await openLog(dir, { readOnly: true })),
  fill: async () => fill(await openLog(dir, { mapSizeBytes: 2 ** 30 })),
}
await modes[mode ?? '']?.()

/** Holds the log until standard input ends. */
async function hold(): Promise<void> {
  try {
    const broker = await openLog(dir)
    report('open')
    process.stdin.on('end', () => void broker.close()).resume()
  } catch (error) {
    if (!(error instanceof BrokerError)) throw error
    report(`${error.code} ${error.message}`)
  }
}

/**
 * Settles both partitions as fast as it can until killed. Every record says its own offset; a settlement publishes one
 * output per record, feeds as many new inputs, and counts in the state and in `meta`.
 */
async function settle(broker: EmbeddedBroker): Promise<void> {
  const { leases } = await join(broker, 'input', 'group', 2)
  report('ready')
  await Promise.all(leases.map((lease) => settlePartition(lease)))
}

async function settlePartition(lease: PartitionLease): Promise<void> {
  for (;;) {
    const { partition } = lease
    const batch = await lease.next(FEED)
    const { records } = batch
    const outputs = records.flatMap(({ offset }): OutboundRecord[] => [
      { topic: 'output', partition, key: null, value: Buffer.from(String(offset)) },
      { topic: 'input', partition, key: null, value: Buffer.alloc(300) },
    ])
    const last = records.at(-1)?.offset ?? -1
    const count = Buffer.from(String(last + 1))
    await batch.settle({
      outputs,
      snapshot: { meta: count, rows: [{ series: 's', offset: last, model: '', bytes: count }] },
    })
    report(`${partition} ${last + 1}`)
  }
}

/** Reads on until it has seen `READ_TARGET` records, each of which must say its own offset. */
async function read(broker: EmbeddedBroker): Promise<void> {
  report('ready')
  let next = 0
  while (next < READ_TARGET) {
    for (const value of await values(broker, 'topic', { fromOffset: next })) {
      if (value !== String(next)) throw new Error(`record ${next} says ${value}`)
      next++
    }
    await new Promise((resolve) => setImmediate(resolve))
  }
  report(`read ${next}`)
  await broker.close()
}

/**
 * Appends until refused, several times over; says whether anything of the refused appends is there, and whether reading
 * works. Once standard input ends there is room again: then it appends one more.
 */
async function fill(broker: EmbeddedBroker): Promise<void> {
  const large = (): Promise<void> =>
    broker.append([{ topic: 'topic', partition: 0, key: null, value: Buffer.alloc(200_000) }])
  let appended = 0
  const refusals: string[] = []
  while (refusals.length < 5) {
    const outcomes = await Promise.allSettled([large(), large()])
    for (const outcome of outcomes) {
      if (outcome.status === 'fulfilled') appended++
      else refusals.push(outcome.reason instanceof BrokerError ? outcome.reason.code : String(outcome.reason))
    }
  }
  report([...new Set(refusals)].join())
  report((await broker.describe('topic'))?.[0]?.end === appended ? 'whole' : 'torn')
  report((await values(broker, 'topic')).length === appended ? 'readable' : 'unreadable')
  process.stdin.resume()
  await once(process.stdin, 'end')
  await large()
  report(appended + 1)
  await broker.close()
}
