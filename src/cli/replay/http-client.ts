import type { Config } from '../../config/types.js'
import type { PipelineStatus } from '../../ports/control.js'
import { ReplayError } from './error.js'

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: Readonly<Record<string, unknown>>
  /** Of an answer that is not a success. */
  readonly error: { readonly code: string; readonly message: string }
}

/** A batch is synced to a disk before it is answered; a daemon that takes longer is stuck. */
const TIMEOUT_MS = 60_000

/** Where the daemon of a configuration answers: an address to listen on is not always one to connect to. */
export function urlOf({ host, port }: Config['http']): string {
  if (port === 0) throw new ReplayError('http.port is 0, so its port is not known')
  const name = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`
}

/** The daemon's HTTP interface as commands use it. */
export class HttpClient {
  constructor(
    private readonly url: string,
    /** What changes nothing needs none. */
    private readonly token = '',
  ) {}

  /** Rejects when no daemon answers. */
  async get(path: string): Promise<Answer> {
    try {
      return await this.request(path, {})
    } catch (error) {
      throw new ReplayError(`no daemon answers at ${this.url} (${reasonOf(error)})`, { cause: error })
    }
  }

  async post(path: string, body: string): Promise<Answer> {
    const headers = { authorization: `Bearer ${this.token}`, 'content-type': 'application/x-ndjson' }
    try {
      return await this.request(path, { method: 'POST', body, headers })
    } catch (error) {
      throw new ReplayError(
        `The daemon at ${this.url} did not answer (${reasonOf(error)}). The batch under way may have been appended ` +
          'all the same; when the replay goes on, it is sent again, and the pipelines reject its rows as duplicates.',
        { cause: error },
      )
    }
  }

  /** Rejects when no daemon answers. */
  async pipelines(): Promise<readonly Pick<PipelineStatus, 'name' | 'topic'>[]> {
    const { status, body } = await this.get('/api/v1/pipelines')
    const { pipelines } = body as { readonly pipelines?: readonly PipelineStatus[] }
    if (status === 200 && pipelines !== undefined) return pipelines
    throw new ReplayError(`no daemon answers at ${this.url} (what answers is not Tidecast)`)
  }

  private async request(path: string, init: RequestInit): Promise<Answer> {
    const response = await fetch(this.url + path, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) })
    const text = await response.text()
    const body = parsed(text)
    const error = {
      code: '',
      message: text.slice(0, 200),
      ...(body['error'] as Partial<Answer['error']> | undefined),
    }
    return { status: response.status, headers: response.headers, body, error }
  }
}

function parsed(text: string): Answer['body'] {
  try {
    const body: unknown = JSON.parse(text)
    return typeof body === 'object' && body !== null ? (body as Answer['body']) : {}
  } catch {
    return {}
  }
}

/** fetch says "fetch failed" and keeps what failed as the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.cause instanceof Error)
    return 'code' in error.cause ? String(error.cause.code) : error.cause.message
  return error.message
}
