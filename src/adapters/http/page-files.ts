import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'

/** A file of the page as it is sent. */
export interface PageFile {
  readonly type: string
  readonly etag: string
  readonly plain: Buffer
  readonly gzipped: Buffer
}

/** By name: `index.html`, and files whose names hold the hash of what is in them. */
export type PageFiles = ReadonlyMap<string, PageFile>

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
}

/** The page as set-up has bundled it; without a file where it has not. A few hundred kB, which stay in memory. */
export async function readPage(folder: string): Promise<PageFiles> {
  let names: string[]
  try {
    names = await readdir(folder)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return new Map()
    throw error
  }
  const files = names
    .filter((name) => TYPES[extname(name)] !== undefined)
    .map(async (name): Promise<[string, PageFile]> => {
      const [plain, gzipped] = await Promise.all([
        readFile(join(folder, name)),
        readFile(join(folder, `${name}.gz`)),
      ])
      const etag = `"${createHash('sha256').update(plain).digest('base64url').slice(0, 16)}"`
      return [name, { type: TYPES[extname(name)]!, etag, plain, gzipped }]
    })
  return new Map(await Promise.all(files))
}
