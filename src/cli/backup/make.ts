import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { contentsOf } from '../../adapters/embedded/contents.js'
import { Environment } from '../../adapters/embedded/environment.js'
import type { Config } from '../../config/types.js'
import { configHash } from '../../config/values.js'
import { consumerGroup } from '../../core/consumer-group.js'
import { encodeModelFile } from '../../pipeline/models/file.js'
import { systemClock } from '../../ports/clock.js'
import type { ModelStore } from '../../ports/model-store.js'
import { brokerPlace, dataFolder } from '../broker.js'
import { DATA, describeFile, syncFile, syncFolder, writeManifest } from './manifest.js'
import type { BackupFile, Manifest } from './manifest.js'

const LOOK_MS = 100

export interface BackupOptions {
  readonly config: Config
  /** As an absolute path. */
  readonly dataDir: string
  /** Version of Tidecast. */
  readonly version: string
  readonly signal: AbortSignal
  /** @param share 0–1 */
  readonly progress: (share: number, detail: string) => void
}

/**
 * Copies what a process keeps in its data directory, as of one moment, whether it runs or not. The manifest is written
 * last; what fails leaves the folder as it was.
 * @param models of Kafka, which go along as files; `null`: they are in the data
 */
export async function makeBackup(
  folder: string,
  models: ModelStore | null,
  options: BackupOptions,
): Promise<Manifest> {
  const { config, version, signal } = options
  const made = new Date(systemClock.now()).toISOString()
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const present = await readdir(folder)
  if (present.length > 0) throw new Error(`${folder} is not empty: name a new folder for each backup`)
  try {
    const data = await copyData(folder, options)
    const files = [data, ...(models === null ? [] : await exportModels(folder, models, config))]
    signal.throwIfAborted()
    const pipelines = await pipelinesIn(folder, models, config)
    await Promise.all(['lock.mdb', 'lock.mdb-lock'].map((name) => rm(join(folder, name), { force: true })))
    const { kind } = config.broker
    return await writeManifest(folder, {
      tidecast: version,
      made,
      kind,
      configuration: configHash(config),
      files,
      pipelines,
    })
  } catch (error) {
    for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true })
    throw error
  }
}

async function copyData(
  folder: string,
  { config, dataDir, signal, progress }: BackupOptions,
): Promise<BackupFile> {
  const place = brokerPlace(config, dataDir)
  const { mapSizeBytes } = place
  const environment = await Environment.open({ dir: dataFolder(place), mapSizeBytes, readOnly: true })
  const path = join(folder, DATA)
  const expected = environment.size()
  const look = setInterval(() => {
    stat(path).then(
      ({ size }) => {
        progress(size / Math.max(1, expected) / 2, 'copied')
      },
      () => undefined, // not begun yet
    )
  }, LOOK_MS)
  try {
    await environment.copyTo(folder)
  } finally {
    clearInterval(look)
    await environment.close()
  }
  signal.throwIfAborted()
  await syncFile(path)
  const { size } = await stat(path)
  return describeFile(folder, DATA, (bytes) => {
    signal.throwIfAborted()
    progress(0.5 + bytes / size / 2, 'checked')
  })
}

/** As `tidecast models export` writes them. */
async function exportModels(folder: string, models: ModelStore, config: Config): Promise<BackupFile[]> {
  const files: BackupFile[] = []
  await mkdir(join(folder, 'models'))
  for (const { name } of config.pipelines) {
    for (const { version } of models.list(name)) {
      const model = models.get(name, version)
      if (model === null) continue // removed meanwhile
      const path = `models/${name}-${model.spec.cell}-${version}.model`
      await writeFile(join(folder, path), encodeModelFile(model), { flag: 'wx' })
      await syncFile(join(folder, path))
      files.push(await describeFile(folder, path))
    }
  }
  await syncFolder(join(folder, 'models'))
  return files
}

/** What the copy holds: not what the original has come to meanwhile. */
async function pipelinesIn(
  folder: string,
  models: ModelStore | null,
  { pipelines, broker }: Config,
): Promise<Manifest['pipelines']> {
  const { mapSizeBytes } = broker.embedded
  const named = pipelines.map(({ name, topic }) => ({ name, topic, group: consumerGroup(name) }))
  const contents = await contentsOf({ dir: folder, mapSizeBytes }, named)
  return contents.map((content, i) => {
    const { name, topic } = named[i]!
    if (models === null) return { name, topic, ...content }
    const versions = models.list(name).map(({ version }) => version)
    return { name, topic, ...content, models: versions, champion: models.champion(name) }
  })
}
