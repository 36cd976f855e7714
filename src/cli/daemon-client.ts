import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../config/types.js'

const TIMEOUT_MS = 30_000

/** None runs as configured, as far as can be seen. */
export class NoDaemon extends Error {
  override readonly name = 'NoDaemon'
}

/** The HTTP interface of the daemon that runs with a configuration. Errors say what to do. */
export class DaemonClient {
  private constructor(
    private readonly url: string,
    private readonly token: string,
  ) {}

  /** @param dataDir as an absolute path */
  static async of({ http }: Config, dataDir: string): Promise<DaemonClient> {
    if (http.port === 0) throw new NoDaemon('http.port is 0, so the port of the daemon is not known')
    const name = http.host === '0.0.0.0' ? '127.0.0.1' : http.host === '::' ? '::1' : http.host
    const url = `http://${name.includes(':') ? `[${name}]` : name}:${http.port}`
    return new DaemonClient(url, http.token ?? (await tokenIn(join(dataDir, 'token'), url)))
  }

  async get<T>(path: string): Promise<T> {
    return (await this.request(path, {})) as T
  }

  async post(path: string, body: object): Promise<unknown> {
    return this.send(path, JSON.stringify(body), 'application/json')
  }

  async send(path: string, body: string | Uint8Array, type: string): Promise<unknown> {
    const headers = { authorization: `Bearer ${this.token}`, 'content-type': type }
    return this.request(path, { method: 'POST', body: Buffer.from(body), headers })
  }

  private async request(path: string, init: RequestInit): Promise<unknown> {
    let response: Response
    try {
      response = await fetch(this.url + path, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) })
    } catch (cause) {
      const slow = cause instanceof Error && cause.name === 'TimeoutError'
      if (slow) throw new Error(`the daemon at ${this.url} does not answer in time`, { cause })
      throw new NoDaemon(`no daemon answers at ${this.url}: start it with "tidecast run"`, { cause })
    }
    const text = await response.text()
    if (response.ok) return JSON.parse(text)
    throw new Error(messageIn(text) ?? `${this.url} answered ${response.status}`)
  }
}

async function tokenIn(file: string, url: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (cause) {
    const message = `the token of the daemon at ${url} is neither configured (http.token) nor in ${file}`
    throw new NoDaemon(message, { cause })
  }
}

function messageIn(text: string): string | null {
  try {
    return (JSON.parse(text) as { error?: { message?: string } }).error?.message ?? null
  } catch {
    return null
  }
}
