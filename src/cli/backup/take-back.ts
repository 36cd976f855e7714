import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline as stream } from 'node:stream/promises'
import { contentsOf } from '../../adapters/embedded/contents.js'
import { dataDirectory } from '../doctor/data-directory.js'
import { DATA, describeFile, syncFile, syncFolder } from './manifest.js'
import type { BackupFile, Manifest } from './manifest.js'

export interface RestoreOptions {
  /** Folder of the data file, as an absolute path. */
  readonly target: string
  readonly mapSizeBytes: number
  readonly signal: AbortSignal
  /** @param share 0–1 */
  readonly progress: (share: number, detail: string) => void
}

/** Throws where a daemon works on the target, or something is there. */
export async function assertFree(target: string): Promise<void> {
  const names = await readdir(target).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  })
  if (names.length === 0) return
  const { held } = await dataDirectory(target)
  if (held) throw new Error(`a daemon runs on ${target}: stop it, and move that folder away`)
  throw new Error(`${target} is not empty: move it away first; nothing is ever overwritten`)
}

/** Throws for the first file that is not what the manifest says. */
export async function assertWhole(
  folder: string,
  { files }: Manifest,
  { signal, progress }: Pick<RestoreOptions, 'signal' | 'progress'>,
): Promise<void> {
  for (const file of files) {
    const found = await describeFile(folder, file.path, (bytes) => {
      signal.throwIfAborted()
      progress(bytes / Math.max(1, file.bytes) / 2, `of ${file.path} checked`)
    }).catch((cause: unknown) => {
      const missing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'
      throw missing ? new Error(`${folder} is not whole: ${file.path} is missing`, { cause }) : cause
    })
    assertSame(join(folder, file.path), found, file)
  }
}

/** Puts the data file in its place: whole, checked once more and durable, or not at all. */
export async function takeBack(folder: string, manifest: Manifest, options: RestoreOptions): Promise<void> {
  const { target, mapSizeBytes, signal, progress } = options
  const data = manifest.files.find(({ path }) => path === DATA)!
  const staging = `${target}.restoring`
  await rm(staging, { recursive: true, force: true })
  await mkdir(staging, { recursive: true })
  try {
    const path = join(staging, DATA)
    const source = createReadStream(join(folder, DATA), { highWaterMark: 1 << 20 })
    source.on('data', () => {
      progress(0.5 + source.bytesRead / Math.max(1, data.bytes) / 2, 'copied')
    })
    await stream(source, createWriteStream(path, { flags: 'wx' }), { signal })
    await syncFile(path)
    assertSame(path, await describeFile(staging, DATA), data)
    await contentsOf({ dir: staging, mapSizeBytes }, []) // it can be opened
    await syncFolder(staging)
    await rename(staging, target)
    await syncFolder(dirname(target))
  } catch (error) {
    await rm(staging, { recursive: true, force: true })
    const taken = error instanceof Error && 'code' in error && error.code === 'ENOTEMPTY'
    throw taken
      ? new Error(`${target} is not empty any more: something has been started on it`, { cause: error })
      : error
  }
}

function assertSame(path: string, found: BackupFile, { bytes, sha256 }: BackupFile): void {
  if (found.bytes !== bytes) throw new Error(`${path} is damaged: it has ${found.bytes} bytes, not ${bytes}`)
  if (found.sha256 !== sha256) throw new Error(`${path} is damaged: its checksum is another one`)
}
