import { Environment } from './environment.js'
import { EmbeddedModelStore } from './model-store.js'
import { isRowKey } from './state-rows.js'

/** What a data file holds of a pipeline. */
export interface PipelineContents {
  /** By partition, the next offset to consume; empty where the offsets are kept elsewhere. */
  readonly consumed: readonly number[]
  /** With a state. */
  readonly series: number
  /** Versions of its network. */
  readonly models: readonly number[]
  /** `null`: the baseline. */
  readonly champion: number | null
}

/** Looks through a data file, also beside the process that holds it. */
export async function contentsOf(
  data: { readonly dir: string; readonly mapSizeBytes: number },
  pipelines: readonly { readonly name: string; readonly topic: string; readonly group: string }[],
): Promise<readonly PipelineContents[]> {
  const environment = await Environment.open({ ...data, readOnly: true })
  try {
    const models = new EmbeddedModelStore(environment)
    return pipelines.map(({ name, topic, group }) => {
      const view = environment.groups.get([group, topic]) as { readonly id: number } | undefined
      return {
        consumed: view === undefined ? [] : consumed(environment, view.id),
        series: view === undefined ? 0 : series(environment, view.id),
        models: models.list(name).map(({ version }) => version),
        champion: models.champion(name),
      }
    })
  } finally {
    await environment.close()
  }
}

/** Keys of one group's view of a topic begin with its number. */
function rangeOf(id: number): { start: Buffer; end: Buffer } {
  const start = Buffer.alloc(4)
  const end = Buffer.alloc(4)
  start.writeUInt32BE(id)
  end.writeUInt32BE(id + 1)
  return { start, end }
}

function consumed({ offsets }: Environment, id: number): number[] {
  const found: number[] = []
  for (const { key, value } of offsets.getRange(rangeOf(id))) {
    while (found.length < key.readUInt32BE(4)) found.push(0)
    found.push(value.readDoubleLE(0))
  }
  return found
}

function series({ states }: Environment, id: number): number {
  let count = 0
  for (const key of states.getKeys(rangeOf(id))) if (isRowKey(key)) count++
  return count
}
