import { setTimeout as pause } from 'node:timers/promises'
import { Workbench } from '../workbench.js'
import { connect } from './bed.js'
import { found, helping, task } from './helped.js'
import { kafkaPipeline } from './throughput.js'
import { watched } from './watched.js'

/** One process of a group: a pipeline, which takes up its partitions at once, and their records when it is told to go. */
export interface MemberTask {
  readonly brokers: string
  readonly name: string
  readonly settings: Readonly<Record<string, unknown>>
  /** Pause for each record, in place of work: partitions of one process take turns in it. */
  readonly pauseMs: number
}

const { brokers, name, settings, pauseMs } = task() as MemberTask
const { broker, end } = await connect(brokers)
const bench = await Workbench.on(broker, end)
let go = (): void => undefined
let turn = new Promise<void>((resolve) => (go = resolve))
const paced = watched(broker, (records) => {
  if (pauseMs > 0) turn = turn.then(() => pause(records * pauseMs))
  return turn
})
const pipeline = bench.pipeline(kafkaPipeline(name, settings), paced)
await pipeline.start()
await helping(() => {
  go()
})
await pipeline.stop()
await bench.close()
found({ records: pipeline.progress.records })
