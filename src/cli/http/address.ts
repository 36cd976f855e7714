import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../../config/types.js'

/** None runs as configured, as far as can be seen. */
export class NoDaemon extends Error {
  override readonly name = 'NoDaemon'
}

/** Where the daemon of a configuration answers: an address to listen on is not always one to connect to. */
export function urlOf({ host, port }: Pick<Config['http'], 'host' | 'port'>): string {
  if (port === 0) throw new NoDaemon('http.port is 0, so the port of the daemon is not known')
  const name = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`
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
