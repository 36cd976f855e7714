import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { chmod, link, mkdir, readFile, stat, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { HttpError } from './errors.js'

export interface Token {
  readonly value: string
  /** Where it can be read; null when it was configured. */
  readonly file: string | null
}

const VALID = /^[\x21-\x7e]{16,}$/

/** The configured token, else the one in the data directory, else a new one there (mode 0600). */
export async function loadOrCreateToken(dataDir: string, configured?: string): Promise<Token> {
  if (configured !== undefined) return { value: configured, file: null }
  const file = join(dataDir, 'token')
  const value = (await readToken(file)) ?? (await createToken(dataDir, file))
  return { value, file }
}

async function readToken(file: string): Promise<string | null> {
  let value: string
  try {
    value = (await readFile(file, 'utf8')).trim()
  } catch (error) {
    if (isCode(error, 'ENOENT')) return null
    throw error
  }
  if (!VALID.test(value)) throw new Error(`${file} holds no usable token: delete it, and a new one is made`)
  // A copy or a restored backup may have become readable for everybody.
  if (((await stat(file)).mode & 0o077) !== 0) await chmod(file, 0o600)
  return value
}

/** Linked into place whole: of two processes that start at once both use the same token, and neither reads half of one. */
async function createToken(dataDir: string, file: string): Promise<string> {
  await mkdir(dataDir, { recursive: true })
  const value = randomBytes(32).toString('hex')
  const temporary = `${file}.${randomBytes(6).toString('hex')}`
  await writeFile(temporary, `${value}\n`, { mode: 0o600, flag: 'wx' })
  try {
    await link(temporary, file)
    return value
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error
    const other = await readToken(file)
    if (other === null) throw error
    return other
  } finally {
    await unlink(temporary)
  }
}

/**
 * Throws when a request does not carry the token.
 * @param token asked for with every request: it can be changed while the daemon runs
 */
export function requireToken(authorization: string | undefined, token: () => string): void {
  const given = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1]
  if (given === undefined) {
    const message = 'This needs the token: send the header "Authorization: Bearer <token>".'
    throw new HttpError(401, 'token-missing', message, {}, { 'www-authenticate': 'Bearer realm="tidecast"' })
  }
  // Digests have one length, so neither the length nor a common prefix of the token shows in the time this takes.
  if (!timingSafeEqual(digest(given), digest(token()))) {
    throw new HttpError(
      403,
      'token-wrong',
      'This is not the token: the start-up text of the daemon says where it is.',
    )
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
