import type { PipelineStatus } from '../../ports/control.js'
import { NoDaemon, type Address } from './address.js'

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: Readonly<Record<string, unknown>>
  /** Of an answer that is not a success; without a code where it is not Tidecast's. */
  readonly error: { readonly code: string; readonly message: string }
}

/** A batch is synced to a disk before it is answered; a daemon that takes longer is stuck. */
const TIMEOUT_MS = 60_000

/** The daemon's HTTP interface as commands use it. */
export class HttpClient {
  constructor(
    private readonly address: Address,
    /** What changes nothing needs none. */
    private readonly token = '',
    private readonly timeoutMs = TIMEOUT_MS,
  ) {}

  /** Rejects with `NoDaemon` when none answers. */
  async get(path: string): Promise<Answer> {
    try {
      return await this.request(path)
    } catch (error) {
      throw new NoDaemon(`no daemon answers at ${this.address.url} (${reasonOf(error)})`, { cause: error })
    }
  }

  /** Rejects as `request`; nobody knows then whether it took effect. */
  post(path: string, body: string | Uint8Array, type: string): Promise<Answer> {
    const headers = { authorization: `Bearer ${this.token}`, 'content-type': type }
    return this.request(path, { method: 'POST', body: Buffer.from(body), headers })
  }

  /** Rejects with `NoDaemon` when none answers. */
  async pipelines(): Promise<readonly Pick<PipelineStatus, 'name' | 'topic'>[]> {
    const { status, body } = await this.get('/api/v1/pipelines')
    const { pipelines } = body as { readonly pipelines?: readonly PipelineStatus[] }
    if (status === 200 && pipelines !== undefined) return pipelines
    throw new NoDaemon(`no daemon answers at ${this.address.url} (what answers is not Tidecast)`)
  }

  /** Rejects as `fetch` does, with a TimeoutError after the time-out. */
  async request(path: string, init: RequestInit = {}): Promise<Answer> {
    const { url, fetch } = this.address
    const response = await fetch(url + path, { ...init, signal: AbortSignal.timeout(this.timeoutMs) })
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
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.cause instanceof Error)
    return 'code' in error.cause ? String(error.cause.code) : error.cause.message
  return error.message
}
