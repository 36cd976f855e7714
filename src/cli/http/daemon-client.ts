import type { Config } from '../../config/types.js'
import { addressOf, NoDaemon, tokenOf } from './address.js'
import { HttpClient, type Answer } from './http-client.js'

const TIMEOUT_MS = 30_000

/** What commands ask the running daemon of their configuration. Errors say what to do. */
export class DaemonClient {
  private constructor(
    private readonly url: string,
    private readonly client: HttpClient,
  ) {}

  /** @param dataDir as an absolute path */
  static async of({ http }: Config, dataDir: string): Promise<DaemonClient> {
    const address = addressOf(http)
    return new DaemonClient(address.url, new HttpClient(address, await tokenOf(http, dataDir), TIMEOUT_MS))
  }

  async get<T>(path: string): Promise<T> {
    return (await this.outcome((client) => client.request(path))) as T
  }

  post(path: string, body: object): Promise<unknown> {
    return this.send(path, JSON.stringify(body), 'application/json')
  }

  send(path: string, body: string | Uint8Array, type: string): Promise<unknown> {
    return this.outcome((client) => client.post(path, body, type))
  }

  private async outcome(ask: (client: HttpClient) => Promise<Answer>): Promise<unknown> {
    let answer: Answer
    try {
      answer = await ask(this.client)
    } catch (cause) {
      const slow = cause instanceof Error && cause.name === 'TimeoutError'
      if (slow) throw new Error(`the daemon at ${this.url} does not answer in time`, { cause })
      throw new NoDaemon(`no daemon answers at ${this.url}: start it with "tidecast run"`, { cause })
    }
    const { status, body, error } = answer
    if (status < 300) return body
    throw new Error(error.code === '' ? `${this.url} answered ${status}` : error.message)
  }
}
