import { setTimeout as pause } from 'node:timers/promises'
import { partitionOfKey } from '../../src/adapters/embedded/partitioner.js'
import { Household } from '../household.js'
import { connect, PARTITIONS, SERIES } from './bed.js'
import { found, helping, task } from './helped.js'

/** Appends observations of all series evenly, each with the present as its record's time. Told a number, it goes on at that rate. */
export interface FeederTask {
  readonly brokers: string
  readonly topic: string
  /** Records per second. */
  readonly rate: number
  /** Step of the first observations. */
  readonly from: number
}

export interface Fed {
  readonly records: number
  readonly seconds: number
}

const TICK_MS = 10

const { brokers, topic, from, ...given } = task() as FeederTask
const { broker, end } = await connect(brokers)
await broker.ensureTopics([{ name: topic, partitions: PARTITIONS }])
const household = await Household.read()
const members = Array.from({ length: PARTITIONS }, (): number[] => [])
for (let s = 0; s < SERIES; s++) {
  members[partitionOfKey(household.record(topic, s, 0).key, PARTITIONS)]!.push(s)
}
const cursors = members.map(() => 0)
let rate = given.rate
let fed = 0
let stopped = false

/** Each tick goes to one partition, whose series take turns, so that it is one plain request. */
async function feed(): Promise<void> {
  for (let due = Date.now(), owed = 0, partition = 0; !stopped; partition = (partition + 1) % PARTITIONS) {
    owed += (rate * TICK_MS) / 1000
    const count = Math.floor(owed)
    owed -= count
    const series = members[partition]!
    const timestamp = Date.now()
    const records = Array.from({ length: count }, () => {
      const at = cursors[partition]!++
      const step = from + Math.floor(at / series.length)
      return { ...household.record(topic, series[at % series.length]!, step), partition, timestamp }
    })
    await broker.append(records)
    fed += count
    due += TICK_MS
    await pause(Math.max(0, due - Date.now()))
  }
}

const started = Date.now()
const feeding = feed()
await helping((word) => (rate = Number(word)))
stopped = true
await feeding
const seconds = (Date.now() - started) / 1000
await end()
found({ records: fed, seconds } satisfies Fed)
