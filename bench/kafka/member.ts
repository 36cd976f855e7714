import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { Workbench } from '../workbench.js'
import { connect } from './bed.js'
import { kafkaPipeline } from './throughput.js'
import { watched } from './watched.js'

/** One process of a group: a pipeline until standard input ends. Its argument is a `MemberTask` as JSON. */
export interface MemberTask {
  readonly brokers: string
  readonly name: string
  readonly settings: Readonly<Record<string, unknown>>
  /** Pause for each record, in place of work: partitions of one process take turns in it. */
  readonly pauseMs: number
}

const { brokers, name, settings, pauseMs } = JSON.parse(process.argv[2]!) as MemberTask
const { broker, end } = await connect(brokers)
const bench = await Workbench.on(broker, end)
let turn = Promise.resolve()
const paced = watched(broker, (records) => (turn = turn.then(() => pause(records * pauseMs))))
const pipeline = bench.pipeline(kafkaPipeline(name, settings), pauseMs > 0 ? paced : broker)
await pipeline.start()
process.stdout.write('ready\n')
process.stdin.resume()
await once(process.stdin, 'end')
await pipeline.stop()
await bench.close()
