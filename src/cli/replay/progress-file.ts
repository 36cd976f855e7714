/**
 * How far a file has been replayed into a topic: `<dataDir>/replay/<hash of path and topic>.json`. Format version 1, JSON:
 *
 *   {"format": 1, "file": path, "topic", "size": bytes, "modified": ms, "rows": appended, "finished": boolean}
 *
 * Size and time of change stand for the file's content: rows of another content must not be skipped. It is replaced as
 * a whole (temporary file, sync, rename), so that a crash leaves the one before or the one after.
 */
import { createHash } from 'node:crypto'
import { mkdir, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ReplayError } from './error.js'

const FORMAT = 1

export interface Progress {
  readonly rows: number
  readonly finished: boolean
}

interface Stored extends Progress {
  readonly format: number
  readonly file: string
  readonly topic: string
  readonly size: number
  readonly modified: number
}

export class ProgressFile {
  private constructor(
    readonly path: string,
    private readonly about: Omit<Stored, keyof Progress>,
  ) {}

  /** @param file must exist */
  static async of(dataDir: string, file: string, topic: string): Promise<ProgressFile> {
    const real = await realpath(file)
    const { size, mtimeMs } = await stat(real)
    const hash = createHash('sha256').update(`${real}\0${topic}`).digest('hex').slice(0, 32)
    const about = { format: FORMAT, file: real, topic, size, modified: mtimeMs }
    return new ProgressFile(join(dataDir, 'replay', `${hash}.json`), about)
  }

  get size(): number {
    return this.about.size
  }

  /** Rejects when the progress is that of another content. */
  async load(): Promise<Progress> {
    const stored = await this.read()
    if (stored === null) return { rows: 0, finished: false }
    const { file, topic, size, modified } = this.about
    if (stored.size === size && stored.modified === modified) return stored
    throw new ReplayError(
      `${file} has changed since its first ${stored.rows} rows were replayed into ${topic}, so there is no telling ` +
        'where to go on. Use --restart to replay all of it; pipelines reject what they had before as late or duplicate.',
    )
  }

  async save(progress: Progress): Promise<void> {
    await mkdir(join(this.path, '..'), { recursive: true })
    const temporary = `${this.path}.new`
    const handle = await open(temporary, 'w')
    try {
      await handle.writeFile(`${JSON.stringify({ ...this.about, ...progress })}\n`)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, this.path)
  }

  async clear(): Promise<void> {
    await rm(this.path, { force: true })
  }

  private async read(): Promise<Stored | null> {
    let text: string
    try {
      text = await readFile(this.path, 'utf8')
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
      throw error
    }
    try {
      const stored = JSON.parse(text) as Stored
      if (stored.format === FORMAT && Number.isInteger(stored.rows)) return stored
    } catch {
      // Told below, with what to do.
    }
    throw new ReplayError(
      `${this.path} holds no progress that can be read. Use --restart to replay the whole file.`,
    )
  }
}
