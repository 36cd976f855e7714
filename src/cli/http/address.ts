import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../../config/types.js'
import { pinnedFetch, type Fetch } from './pinned-fetch.js'

/** None runs as configured, as far as can be seen. */
export class NoDaemon extends Error {
  override readonly name = 'NoDaemon'
}

/** Where a daemon answers, and how it is asked there. */
export interface Address {
  readonly url: string
  readonly fetch: Fetch
}

/** Of a daemon of which nothing but the URL is known. */
export function addressAt(url: string): Address {
  return { url, fetch }
}

/** Of the daemon of a configuration: an address to listen on is not always one to connect to. */
export function addressOf({ host, port, tls }: Pick<Config['http'], 'host' | 'port' | 'tls'>): Address {
  if (port === 0) throw new NoDaemon('http.port is 0, so the port of the daemon is not known')
  const name = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  const at = `${name.includes(':') ? `[${name}]` : name}:${port}`
  return tls === null
    ? addressAt(`http://${at}`)
    : { url: `https://${at}`, fetch: pinnedFetch(tls.fingerprint) }
}

/** The token of the daemon of a configuration, which it generates where none is given. @param dataDir as an absolute path */
export async function tokenOf({ token }: Pick<Config['http'], 'token'>, dataDir: string): Promise<string> {
  if (token !== undefined) return token
  const file = join(dataDir, 'token')
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    const message = `the daemon's token is neither configured (http.token) nor in ${file} (${reason})`
    throw new NoDaemon(message, { cause: error })
  }
}
