import { randomBytes } from 'node:crypto'
import { link, mkdir, open, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { BrokerError } from '../../ports/broker.js'

/** Where LMDB, as lmdb-js builds it, has its mark: after the 24-byte header of the first page, in native byte order. */
const MAGIC_AT = 24
const MAGIC = 0xbeefc0de

/**
 * lmdb-js brings the process down when it opens a file that is not its own, and takes an empty one for readable: so
 * this looks first.
 */
export async function checkDataFile(dir: string, readOnly: boolean): Promise<void> {
  const path = join(dir, 'data.mdb')
  const size = await sizeOf(path)
  if (size === null || size === 0) {
    if (!readOnly) return
    throw new BrokerError(
      'unavailable',
      `There is no embedded log in ${dir}. The daemon creates it when it first runs.`,
      true,
    )
  }
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, MAGIC_AT)
    if (bytesRead === 4 && [buffer.readUInt32LE(), buffer.readUInt32BE()].includes(MAGIC)) return
  } finally {
    await file.close()
  }
  throw new BrokerError(
    'corrupt',
    `${path} is not an embedded log, or is damaged. Restore it from a backup, or choose another data directory.`,
  )
}

/** Enough for LMDB's table of readers, which is as long as the file. */
const LOCK_BYTES = 16_384

/**
 * Makes the file in which LMDB's processes see each other, where there is none. LMDB would make it without giving it room on
 * the disk, and write to it in memory: where the disk is full, that ends the process by a signal.
 */
export async function makeLockFile(dir: string): Promise<void> {
  const path = join(dir, 'lock.mdb')
  if ((await sizeOf(path)) !== null) return
  await mkdir(dir, { recursive: true })
  const temporary = join(dir, `lock-${randomBytes(6).toString('hex')}`)
  try {
    const file = await open(temporary, 'wx')
    try {
      await file.writeFile(Buffer.alloc(LOCK_BYTES))
      await file.sync()
    } finally {
      await file.close()
    }
    // Linked into place whole: another process may be doing the same.
    await link(temporary, path)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  } finally {
    await rm(temporary, { force: true })
  }
}

async function sizeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
