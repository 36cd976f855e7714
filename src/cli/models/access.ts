import { setTimeout as pause } from 'node:timers/promises'
import { resolve } from 'node:path'
import type { Config, PipelineConfig } from '../../config/types.js'
import { ModelDesk, restingOffice } from '../../pipeline/models/desk.js'
import { systemClock } from '../../ports/clock.js'
import type { ModelsStatus, ModelVersion, RollbackTarget } from '../../ports/control/models.js'
import type { CliContext } from '../context.js'
import { NoDaemon } from '../http/address.js'
import { DaemonClient } from '../http/daemon-client.js'
import { withLog, withOwnLog } from '../with-log.js'

/** What a command changes, through the running daemon, or in the store itself where none runs. */
export interface ModelsAccess {
  promote(version: number, note: string): Promise<Office>
  rollback(to: RollbackTarget | undefined, note: string): Promise<Office>
  import(file: Uint8Array): Promise<ModelVersion>
  prune(keep: number | undefined): Promise<readonly number[]>
}

export interface Office {
  readonly champion: number | null
  /** What forecasts now; without a daemon, whoever starts next begins with the champion. */
  readonly serving: number | null
}

const LOOK_MS = 500

/** The networks of a pipeline for reading, also beside a running daemon. */
export function withDesk<T>(
  config: Config,
  pipeline: PipelineConfig,
  context: CliContext,
  use: (desk: ModelDesk) => T | Promise<T>,
): Promise<T> {
  return withLog(config, context, ({ models }) =>
    use(new ModelDesk(pipeline, models, restingOffice(pipeline, models), systemClock)),
  )
}

/** The networks of a pipeline for changing: by the daemon that runs, else in the store. */
export async function withModels<T>(
  config: Config,
  pipeline: PipelineConfig,
  context: CliContext,
  use: (models: ModelsAccess) => Promise<T>,
): Promise<T> {
  const remote = await daemonOf(config, pipeline, context)
  if (remote !== null) return use(remote)
  return withOwnLog(config, context, async ({ models }) => {
    const desk = new ModelDesk(pipeline, models, restingOffice(pipeline, models), systemClock)
    const office = (): Office => {
      const { champion, serving } = desk.status()
      return { champion, serving }
    }
    return use({
      promote: (version, note) => desk.promote(version, note).then(office),
      rollback: (to, note) => desk.rollback(to, note).then(office),
      import: (file) => desk.import(file),
      prune: (keep) => desk.prune(keep),
    })
  })
}

async function daemonOf(
  config: Config,
  { name }: PipelineConfig,
  context: CliContext,
): Promise<ModelsAccess | null> {
  const path = `/api/v1/pipelines/${encodeURIComponent(name)}/models`
  let client: DaemonClient
  try {
    client = await DaemonClient.of(config, resolve(context.cwd, config.dataDir))
    await client.get<ModelsStatus>(path)
  } catch (error) {
    if (error instanceof NoDaemon) return null
    throw error
  }
  // All states are made anew for it, which may take longer than a request may.
  const inUse = async (change: Promise<unknown>): Promise<Office> => {
    let { champion, serving } = (await change) as Office
    while (serving !== champion) {
      await pause(LOOK_MS, undefined, { signal: context.signal })
      ;({ champion, serving } = await client.get<ModelsStatus>(path))
    }
    return { champion, serving }
  }
  return {
    promote: (version, reason) => inUse(client.post(`${path}/${version}/promote`, { reason })),
    rollback: (to, reason) => inUse(client.post(`${path}/rollback`, { to, reason })),
    import: async (file) => (await client.send(path, file, 'application/octet-stream')) as ModelVersion,
    prune: async (keep) => {
      const query = keep === undefined ? '' : `?keep=${keep}`
      return ((await client.post(`${path}/prune${query}`, {})) as { removed: readonly number[] }).removed
    },
  }
}
