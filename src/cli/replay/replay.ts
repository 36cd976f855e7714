import {
  readRows,
  type FileColumns,
  type FileRow,
  type ValueReader,
} from '../../adapters/files/observations.js'
import { createPacer, type Timer } from './pacer.js'
import type { ProgressFile } from './progress-file.js'
import type { Rate } from './rate.js'
import type { Target } from './target.js'

export interface ReplayOptions {
  readonly file: string
  readonly columns: FileColumns
  readonly values: ValueReader<number | string>
  readonly rate: Rate
  readonly timer: Timer
  readonly progress: ProgressFile
  /** Rows that were appended before. */
  readonly appended: number
  /** Asked for when the first rows have been read, so that a file that is no such file leaves no trace. */
  readonly open: () => Promise<Target>
  readonly onProgress: (progress: ReplayProgress) => void
  readonly signal: AbortSignal
}

export interface ReplayProgress {
  /** Of the file, those of earlier runs included. */
  readonly rows: number
  /** Rows of the whole file, by what has been read of it. */
  readonly expectedRows: number
}

export interface ReplayOutcome {
  readonly kind: 'finished' | 'stopped'
  readonly via: Target['kind']
  readonly rows: number
}

/** Appends the rows that are not yet in the topic, and writes down how far it got after every batch. */
export async function replay(options: ReplayOptions): Promise<ReplayOutcome> {
  const { file, columns, values, progress, appended, signal } = options
  let bytes = 0
  const chunks = readRows(file, values, columns, (read) => (bytes = read))
  let read = 0
  let rows = appended
  const pacer = createPacer(options.rate, options.timer)
  let next = ahead(chunks)
  let target: Target | undefined
  try {
    await next
    target = await options.open()
    for (;;) {
      const { value: chunk, done } = await next
      if (done === true) break
      // The next chunk is read while this one is written to the disk.
      next = ahead(chunks)
      const skipped = Math.max(0, appended - read)
      read += chunk.length
      const expectedRows = Math.round((read * progress.size) / Math.max(1, bytes))
      for (let at = skipped; at < chunk.length;) {
        const due = await pacer.take(chunk, at, signal)
        const count = due === 0 ? 0 : await target.append(chunk.slice(at, at + due), signal)
        if (count === 0) return { kind: 'stopped', via: target.kind, rows }
        at += count
        rows += count
        await progress.save({ rows, finished: false })
        options.onProgress({ rows, expectedRows: Math.max(rows, expectedRows) })
      }
    }
    await progress.save({ rows, finished: true })
    return { kind: 'finished', via: target.kind, rows }
  } finally {
    await chunks.return(undefined)
    await target?.close()
  }
}

/** Begins to read; a failure waits until somebody asks for the chunk. */
function ahead(chunks: AsyncGenerator<FileRow[], void>): Promise<IteratorResult<FileRow[], void>> {
  const chunk = chunks.next()
  chunk.catch(() => undefined)
  return chunk
}
