import { setTimeout as pause } from 'node:timers/promises'
import type { KafkaBroker } from '../../src/adapters/kafka/kafka-broker.js'
import { consumerGroup } from '../../src/core/consumer-group.js'
import type { Figure } from '../figure.js'
import { Workbench } from '../workbench.js'
import { connect, fill, PARTITIONS, type RealKafka } from './bed.js'
import { Helper } from './helper.js'
import type { MemberTask } from './member.js'
import { kafkaPipeline } from './throughput.js'

const POLL_MS = 50
/** In place of work: 500 records/s are the most that one process can do, and what it does otherwise hardly counts. */
const PAUSE_MS = 2
const PAUSED_PER_SERIES = 12
/** The pause of a batch must not outlast the run. */
const PAUSED_BATCH = { maxRecords: 250 }
/** Left out: the start, as code has yet to be compiled, and the end, where the first partition has run dry. */
const MEASURED = [0.2, 0.85] as const
const STANDSTILL_MS = 120_000

/** Two processes on cores of their own against one on one; and 1, 2 and 4 that pause for each record in place of working. */
export async function benchScaling(kafka: RealKafka, perSeries: number): Promise<Figure[]> {
  const { broker, end } = await connect(kafka.brokers)
  const bench = await Workbench.on(broker, end)
  const rate = async (
    name: string,
    topic: string,
    cores: readonly (number | undefined)[],
    more: { readonly pauseMs: number; readonly batch?: object } = { pauseMs: 0 },
  ): Promise<number> => {
    const { pauseMs, ...rest } = more
    const settings = { topic, ...rest }
    await bench.pinModel(kafkaPipeline(name, settings))
    const task: MemberTask = { brokers: kafka.brokers, name, settings, pauseMs }
    const members = await Promise.all(cores.map((core) => Helper.start('member', task, core)))
    await shared(broker, name, topic, members.length)
    for (const member of members) member.tell('go')
    const result = await committedRate(broker, name, topic)
    await Promise.all(members.map((member) => member.stop()))
    return result
  }
  try {
    await fill(broker, 'shared', perSeries)
    const one = await rate('one', 'shared', [0])
    const two = await rate('two', 'shared', [0, 1])
    const figures: Figure[] = [
      { name: 'kafka: one process on one core', value: one, unit: 'records/s' },
      { name: 'kafka: two processes on two cores', value: two, unit: 'records/s' },
      { name: 'kafka: two processes against one', value: two / one, unit: 'times' },
    ]
    await fill(broker, 'paused', PAUSED_PER_SERIES)
    let alone = NaN
    for (const count of [1, 2, 4]) {
      const cores = Array.from({ length: count }, () => undefined)
      const paused = { pauseMs: PAUSE_MS, batch: PAUSED_BATCH }
      const value = await rate(`paused-${String(count)}`, 'paused', cores, paused)
      const name = `kafka: ${String(count)} that pause ${String(PAUSE_MS)} ms for each record`
      figures.push({ name, value, unit: 'records/s' })
      if (count === 1) alone = value
      else figures.push({ name: `${name}, against 1`, value: value / alone, unit: 'times' })
    }
    return figures
  } finally {
    await bench.close()
  }
}

/** Resolves when every process has its share of the partitions. */
async function shared(broker: KafkaBroker, name: string, topic: string, processes: number): Promise<void> {
  for (const started = performance.now(); ;) {
    const members = await broker.members(consumerGroup(name), topic)
    const owned = members.map(({ partitions }) => partitions.length)
    if (members.length === processes && owned.every((count) => count === PARTITIONS / processes)) return
    if (performance.now() - started > STANDSTILL_MS) {
      throw new Error(`${name}: ${String(processes)} processes have ${owned.join(', ')} partitions`)
    }
    await pause(POLL_MS)
  }
}

/** Records per second that a group commits, by the offsets that everybody can see. */
async function committedRate(broker: KafkaBroker, name: string, topic: string): Promise<number> {
  const total = (await broker.describe(topic))!.reduce((sum, { end }) => sum + end, 0)
  let from: { readonly at: number; readonly done: number } | null = null
  for (let last = -1, moved = performance.now(); ;) {
    const committed = await broker.committed(consumerGroup(name), topic)
    const done = committed.reduce<number>((sum, offset) => sum + (offset ?? 0), 0)
    const at = performance.now()
    if (done !== last) moved = at
    last = done
    if (from === null && done >= MEASURED[0] * total) from = { at, done }
    if (from !== null && done >= MEASURED[1] * total) return ((done - from.done) * 1000) / (at - from.at)
    if (at - moved > STANDSTILL_MS)
      throw new Error(`${name} stands still at ${String(done)} of ${String(total)}`)
    await pause(POLL_MS)
  }
}
