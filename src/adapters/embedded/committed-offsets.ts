import { Environment } from './environment.js'
import { GroupStore } from './group-store.js'

/**
 * What a group has consumed of a topic: by partition, the next offset, or `null` where nothing has been settled yet. For
 * looking on beside the process that holds the log: it joins nothing and writes nothing.
 */
export async function committedOffsets(
  log: { readonly dir: string; readonly mapSizeBytes: number },
  group: string,
  topic: string,
  partitions: number,
): Promise<readonly (number | null)[]> {
  const environment = await Environment.open({ ...log, readOnly: true })
  try {
    const view = environment.groups.get([group, topic]) as { readonly id: number } | undefined
    const store = new GroupStore(environment)
    return Array.from({ length: partitions }, (_, partition) =>
      view === undefined ? null : store.committed({ id: view.id, partition }),
    )
  } finally {
    await environment.close()
  }
}
