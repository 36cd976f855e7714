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

/** The daemon's HTTP interface as the replay uses it. */
export class HttpClient {
  constructor(
    private readonly url: string,
    private readonly token: string,
  ) {}

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
    try {
      const { status, body } = await this.request('/api/v1/pipelines', {})
      const { pipelines } = body as { readonly pipelines?: readonly PipelineStatus[] }
      if (status === 200 && pipelines !== undefined) return pipelines
      throw new Error('what answers is not Tidecast')
    } catch (error) {
      throw new ReplayError(`no daemon answers at ${this.url} (${reasonOf(error)})`, { cause: error })
    }
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
