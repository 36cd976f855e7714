import { Session } from 'node:inspector/promises'
import type { Profiler } from 'node:inspector'

/** Which source files a stage's time is spent in; what they call, and no rule names, counts to them. */
const STAGES: readonly (readonly [stage: string, files: RegExp])[] = [
  [
    'fetch',
    /kafkajs\/src\/protocol\/(requests\/fetch|decoder|recordBatch\/.*decoder)|kafka\/(fetch|committed|record-queue|read-record)/,
  ],
  ['decode', /core\/(decode|timestamp)|pipeline\/intake|core\/align/],
  ['encode', /core\/(forecast|decimals|avro\/write)/],
  ['produce', /kafkajs\/|adapters\/kafka|adapters\/embedded|lmdb/],
  ['head', /core\/(calibration|accuracy)|pipeline\/partition\.js/],
  ['step', /pipeline\/|core\/|model\/|adapters\/tensorflow/],
]
const OTHER = 'other'
const ENGINES_OWN = new Map([
  ['(idle)', 'idle'],
  ['(garbage collector)', 'garbage collection'],
])

/** Samples this thread while `work` runs; seconds of its time by stage, and `idle`. */
export async function stagesOf<T>(
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly seconds: ReadonlyMap<string, number> }> {
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.setSamplingInterval', { interval: 500 })
  await session.post('Profiler.start')
  const result = await work()
  const { profile } = await session.post('Profiler.stop')
  session.disconnect()
  return { result, seconds: byStage(profile) }
}

function byStage({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): Map<string, number> {
  const stageOf = new Map<number, string>()
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const walk = (id: number, inherited: string): void => {
    const node = byId.get(id)!
    const { url, functionName } = node.callFrame
    const own = STAGES.find(([, files]) => files.test(url))?.[0]
    const special = ENGINES_OWN.get(functionName)
    const stage = special ?? own ?? inherited
    stageOf.set(id, stage)
    for (const child of node.children ?? []) walk(child, stage)
  }
  walk(nodes[0]!.id, OTHER)
  const seconds = new Map<string, number>()
  samples.forEach((id, i) => {
    const stage = stageOf.get(id) ?? OTHER
    seconds.set(stage, (seconds.get(stage) ?? 0) + (timeDeltas[i] ?? 0) / 1e6)
  })
  return seconds
}
