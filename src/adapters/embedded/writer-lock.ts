/**
 * At most one process writes to an environment. The holder listens on a Unix socket of a random name in the data
 * directory and has that name in the environment under 'writer'; whoever wants the lock connects to the socket named
 * there, and takes over, by comparing and setting in one transaction, only when nobody answers.
 * The kernel closes the socket with the process, whatever killed it, so a dead holder's lock is free at once; there is
 * no process number to be reused and no file whose mere existence means anything; two starters cannot both win, since
 * names are never used twice and LMDB's write transactions exclude each other across processes. It also holds
 * between containers that share the directory, where process numbers mean nothing.
 */
import { randomBytes } from 'node:crypto'
import { openSync, closeSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import type { Server } from 'node:net'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { once } from 'node:events'
import { BrokerError } from '../../ports/broker.js'
import type { Environment } from './environment.js'

/** The path of a Unix socket may have 107 bytes on Linux, 103 on macOS. */
const MAX_SOCKET_PATH = 100
const SOCKET_NAME = /^writer-[0-9a-f]+\.sock$/

interface Holder {
  readonly socket: string
  readonly pid: number
  readonly host: string
  /** ISO 8601. */
  readonly since: string
}

export interface WriterLock {
  /** To be called when the environment has been closed: another process may open it from then on. */
  release(): Promise<void>
}

export async function acquireWriterLock(
  environment: Environment,
  pid: number,
  now: number,
): Promise<WriterLock> {
  const { dir, meta } = environment
  const sockets = new SocketDirectory(dir)
  const mine: Holder = {
    socket: `writer-${randomBytes(8).toString('hex')}.sock`,
    pid,
    host: hostname(),
    since: new Date(now).toISOString(),
  }
  const server = await listen(sockets.path(mine.socket), dir)
  const release = async (): Promise<void> => {
    server.close()
    await once(server, 'close')
    sockets.close()
  }
  try {
    for (;;) {
      const seen = meta.get('writer') as Holder | undefined
      if (seen !== undefined && (await answers(sockets.path(seen.socket)))) throw lockedError(dir, seen)
      const taken = environment.writeSync(() => {
        const current = meta.get('writer') as Holder | undefined
        if (current?.socket !== seen?.socket) return false
        meta.putSync('writer', mine)
        return true
      })
      if (taken) break
    }
    await removeDeadSockets(sockets, dir, mine.socket)
  } catch (error) {
    await release()
    throw error
  }
  return { release }
}

function lockedError(dir: string, holder: Holder): BrokerError {
  return new BrokerError(
    'locked',
    `The embedded log in ${dir} is in use by process ${holder.pid} on ${holder.host}, since ${holder.since}. ` +
      'Stop that process, or use another data directory.',
  )
}

async function listen(path: string, dir: string): Promise<Server> {
  const server = createServer((connection) => connection.destroy())
  server.unref()
  server.listen(path)
  try {
    await once(server, 'listening')
  } catch (cause) {
    throw new BrokerError(
      'unavailable',
      `No lock could be made in ${dir} (${(cause as Error).message}). The data directory must be writable, on a local ` +
        'file system that has Unix sockets.',
      false,
      { cause },
    )
  }
  return server
}

/** A holder that is too busy to accept still answers: the kernel queues the connection. */
async function answers(path: string): Promise<boolean> {
  const connection = connect(path)
  try {
    await once(connection, 'connect')
    return true
  } catch (error) {
    // Any other error may come from a living holder, and two writers are worse than one refusal too many.
    return !['ECONNREFUSED', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '')
  } finally {
    connection.destroy()
  }
}

async function removeDeadSockets(sockets: SocketDirectory, dir: string, mine: string): Promise<void> {
  for (const name of await readdir(dir)) {
    if (!SOCKET_NAME.test(name) || name === mine || (await answers(sockets.path(name)))) continue
    await rm(join(dir, name), { force: true })
  }
}

/** Paths of sockets in a directory, also of one whose own path is too long for a socket (Linux only). */
class SocketDirectory {
  readonly #fd: number | null

  constructor(private readonly dir: string) {
    this.#fd = Buffer.byteLength(dir) + 32 > MAX_SOCKET_PATH ? openSync(dir, 'r') : null
  }

  path(name: string): string {
    return this.#fd === null ? join(this.dir, name) : `/proc/self/fd/${this.#fd}/${name}`
  }

  close(): void {
    if (this.#fd !== null) closeSync(this.#fd)
  }
}
