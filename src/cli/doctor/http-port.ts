import { createServer } from 'node:net'
import { once } from 'node:events'
import type { Config } from '../../config/types.js'
import { fail, ok, reasonOf } from './check.js'
import type { Check } from './check.js'

const name = 'http'

/** Whether the daemon could listen; a daemon that runs already listens itself. */
export async function httpCheck({ host, port }: Config['http'], running: boolean): Promise<Check> {
  const where = `${host}:${port}`
  if (running) return ok(name, `${where}, belongs to the running daemon`)
  const server = createServer()
  try {
    server.listen(port, host)
    await once(server, 'listening')
    return ok(name, `${where} is free`)
  } catch (error) {
    return fail(
      name,
      `${where}: ${reasonOf(error)}`,
      'end the program that uses it, or set http.port or http.host',
    )
  } finally {
    server.close()
  }
}
