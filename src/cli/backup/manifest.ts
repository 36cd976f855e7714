import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FORMAT_VERSION } from '../../adapters/embedded/environment.js'
import type { PipelineContents } from '../../adapters/embedded/contents.js'
import { newerFormat } from '../../ports/broker.js'

/** The last file that is written: a folder without it is no backup. */
export const MANIFEST = 'manifest.json'
/** Copy of a data file, as of one moment. */
export const DATA = 'data.mdb'
const FORMAT = 1

/** What a backup holds; JSON in `manifest.json`. */
export interface Manifest {
  readonly format: number
  /** Version of Tidecast that made it. */
  readonly tidecast: string
  /** ISO 8601. */
  readonly made: string
  /** Of the broker whose data they are. */
  readonly kind: 'embedded' | 'kafka'
  /** Hash of the configuration it was made under, as in `tidecast_config_hash`, hexadecimal. */
  readonly configuration: string
  /** Format of the data file. */
  readonly dataFormat: number
  /** Paths within the folder. */
  readonly files: readonly BackupFile[]
  readonly pipelines: readonly ({ readonly name: string; readonly topic: string } & PipelineContents)[]
}

export interface BackupFile {
  readonly path: string
  readonly bytes: number
  /** Hexadecimal. */
  readonly sha256: string
}

export type Told = Omit<Manifest, 'format' | 'dataFormat'>

/** Writes the manifest, durably: what it names must be on the disk already. */
export async function writeManifest(dir: string, told: Told): Promise<Manifest> {
  const manifest = { format: FORMAT, dataFormat: FORMAT_VERSION, ...told }
  const file = await open(join(dir, MANIFEST), 'wx', 0o600)
  try {
    await file.writeFile(`${JSON.stringify(manifest, null, 2)}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  await syncFolder(dir)
  return manifest
}

/** Throws for a folder that is no whole backup, or one of a newer format. What its files hold is not looked at. */
export async function readManifest(dir: string): Promise<Manifest> {
  let text: string
  try {
    text = await readFile(join(dir, MANIFEST), 'utf8')
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
    const why = `it has no ${MANIFEST}, which is written last`
    throw new Error(`${dir} is no backup, or one that was not finished: ${why}`, { cause: error })
  }
  let manifest: Partial<Manifest> | null
  try {
    manifest = JSON.parse(text) as Partial<Manifest> | null
  } catch (cause) {
    throw new Error(`${join(dir, MANIFEST)} is damaged: it is not JSON`, { cause })
  }
  const { format, dataFormat, kind, files, pipelines } = manifest ?? {}
  if (typeof format === 'number' && format > FORMAT) throw newerFormat(`The backup in ${dir}`, format, FORMAT)
  const whole =
    format === FORMAT &&
    typeof dataFormat === 'number' &&
    (kind === 'embedded' || kind === 'kafka') &&
    Array.isArray(files) &&
    files.every(isBackupFile) &&
    files.some(({ path }) => path === DATA) &&
    Array.isArray(pipelines)
  if (!whole) throw new Error(`${join(dir, MANIFEST)} is damaged: it is not the manifest of a backup`)
  if (dataFormat > FORMAT_VERSION) throw newerFormat(`The data in ${dir}`, dataFormat, FORMAT_VERSION)
  return manifest as Manifest
}

/** Nothing outside of the folder is ever meant. */
function isBackupFile(file: unknown): file is BackupFile {
  const { path, bytes, sha256 } = (file ?? {}) as Partial<Record<keyof BackupFile, unknown>>
  return (
    typeof path === 'string' &&
    /^[\w.-]+(\/[\w.-]+)?$/.test(path) &&
    !path.split('/').includes('..') &&
    Number.isSafeInteger(bytes) &&
    typeof sha256 === 'string'
  )
}

/**
 * Reads a file to its end.
 * @param read called with the bytes read so far
 */
export async function describeFile(
  dir: string,
  path: string,
  read: (bytes: number) => void = () => undefined,
): Promise<BackupFile> {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of createReadStream(join(dir, path), { highWaterMark: 1 << 20 })) {
    hash.update(chunk as Buffer)
    bytes += (chunk as Buffer).length
    read(bytes)
  }
  return { path, bytes, sha256: hash.digest('hex') }
}

/** Makes what was written to a file last. */
export async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r+')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Makes the entries of a folder last. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
