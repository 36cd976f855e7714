import { open, stat } from 'node:fs/promises'
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

async function sizeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
