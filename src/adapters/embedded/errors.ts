import { BrokerError, newerFormat } from '../../ports/broker.js'

/** LMDB's and the operating system's codes, as lmdb-js puts them on its errors. */
const MDB_MAP_FULL = -30792
const MDB_INVALID = -30793
const MDB_VERSION_MISMATCH = -30794
const MDB_CORRUPTED = -30796
const MDB_PAGE_NOTFOUND = -30797
/** Also what LMDB says when the kernel took only a part of what it wrote, as on a disk that is just becoming full. */
const EIO = 5
const EACCES = 13
const EFBIG = 27
const ENOSPC = 28
const EROFS = 30
const EDQUOT = 122

/** A failed commit carries its cause in a promise of its own, which would count as unhandled if nobody looked at it. */
interface CommitFailure extends Error {
  readonly commitError?: Promise<never>
}

/** LMDB's errors as the port names them; others, thrown by our own code inside a transaction, as they are. */
export async function translated(error: unknown, dir: string): Promise<unknown> {
  const cause = await causeOf(error)
  if (!(cause instanceof Error)) return cause
  const { code: given, errno, message } = cause as NodeJS.ErrnoException & { readonly code?: unknown }
  // Node has it as a text, and its number below zero beside that.
  const code = typeof given === 'number' ? given : -(errno ?? 0)
  switch (code) {
    case MDB_MAP_FULL:
    case EIO:
    case EFBIG:
    case ENOSPC:
    case EDQUOT:
      return new BrokerError(
        'disk-full',
        `The disk of the embedded log in ${dir} is full, or fails (${message}). Free some space; nothing of this ` +
          'write was stored.',
        true,
        { cause },
      )
    case EACCES:
    case EROFS:
      return new BrokerError(
        'unavailable',
        `The disk of the embedded log in ${dir} cannot be written to (${message}). Make it writable, and look at whether ` +
          'the disk is failing; nothing of this write was stored.',
        false,
        { cause },
      )
    case MDB_INVALID:
    case MDB_VERSION_MISMATCH:
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
      return new BrokerError(
        'corrupt',
        `The embedded log in ${dir} is damaged (${message}). Restore it from a backup, or move it away to start anew.`,
        false,
        { cause },
      )
    default:
      if (typeof given !== 'number') return cause
      return new BrokerError('unavailable', `The embedded log in ${dir} failed: ${message}`, false, { cause })
  }
}

async function causeOf(error: unknown): Promise<unknown> {
  const reason = (error as CommitFailure).commitError
  if (reason === undefined) return error
  try {
    return await reason
  } catch (cause) {
    return cause
  }
}

export function closedError(): BrokerError {
  return new BrokerError('closed', 'The embedded log has been closed.')
}

/**
 * Throws for a value that this version cannot read.
 * @param what it is, as the beginning of a sentence
 */
export function assertFormat(what: string, found: number, known: number): void {
  if (found === known) return
  if (found > known) throw newerFormat(what, found, known)
  throw new BrokerError('corrupt', `${what} has an unknown format.`)
}
