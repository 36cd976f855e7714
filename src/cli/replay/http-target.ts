import type { FileRow } from '../../adapters/files/observations.js'
import { ReplayError } from './error.js'
import type { Address } from '../http/address.js'
import { HttpClient, reasonOf, type Answer } from '../http/http-client.js'
import type { Timer } from './pacer.js'
import type { Target } from './target.js'

export interface HttpTargetOptions {
  readonly address: Address
  readonly token: string
  readonly topic: string
  readonly maxBodyBytes: number
  readonly maxRecordsPerRequest: number
  readonly encode: (row: FileRow) => string
  readonly timer: Timer
  /** The daemon asked to be left alone for so many seconds. */
  readonly onBusy: (seconds: number) => void
}

/** Through the HTTP interface of the daemon that holds the log. */
export class HttpTarget implements Target {
  readonly kind = 'http'
  readonly description: string
  private readonly client: HttpClient

  constructor(private readonly options: HttpTargetOptions) {
    this.description = `the daemon at ${options.address.url}`
    this.client = new HttpClient(options.address, options.token)
  }

  async append(rows: readonly FileRow[], signal: AbortSignal): Promise<number> {
    const { body, count } = this.body(rows)
    for (;;) {
      // Not interrupted by the signal: a request under way is waited for, so that its outcome is known.
      const answer = await this.post(body)
      if (answer.status === 200) {
        assertAccepted(answer, count)
        return count
      }
      if (answer.status !== 429) throw await this.refusal(answer)
      const seconds = Math.max(1, Number(answer.headers.get('retry-after')) || 1)
      this.options.onBusy(seconds)
      await this.options.timer.sleep(seconds * 1000, signal)
      if (signal.aborted) return 0
    }
  }

  async close(): Promise<void> {
    // fetch keeps its connections itself.
  }

  private async post(body: string): Promise<Answer> {
    const { address, topic } = this.options
    try {
      const path = `/api/v1/topics/${encodeURIComponent(topic)}/records`
      return await this.client.post(path, body, 'application/x-ndjson')
    } catch (error) {
      throw new ReplayError(
        `The daemon at ${address.url} did not answer (${reasonOf(error)}). The batch under way may have been appended ` +
          'all the same; when the replay goes on, it is sent again, and the pipelines reject its rows as duplicates.',
        { cause: error },
      )
    }
  }

  private body(rows: readonly FileRow[]): { readonly body: string; readonly count: number } {
    const { maxBodyBytes, maxRecordsPerRequest, encode } = this.options
    let body = ''
    let bytes = 0
    let count = 0
    for (const row of rows) {
      if (count === maxRecordsPerRequest) break
      const line = `{"key":${JSON.stringify(row.series)},"value":${encode(row)}}\n`
      bytes += Buffer.byteLength(line)
      if (bytes > maxBodyBytes) break
      body += line
      count++
    }
    if (count > 0) return { body, count }
    throw new ReplayError(`A row has more than the ${maxBodyBytes} bytes of a request: raise http.maxBody.`)
  }

  private async refusal({ status, error }: Answer): Promise<ReplayError> {
    const { topic } = this.options
    const { url } = this.options.address
    switch (error.code) {
      case 'unknown-topic': {
        const pipelines = await this.client.pipelines()
        const known = pipelines.map((pipeline) => `${pipeline.topic} (pipeline ${pipeline.name})`).join(', ')
        return new ReplayError(
          `There is no topic "${topic}". The daemon at ${url} reads: ${known || 'none'}. Choose one with --topic, or ` +
            'configure a pipeline for it and start the daemon again.',
        )
      }
      case 'token-missing':
      case 'token-wrong':
        return new ReplayError(
          `The daemon at ${url} does not take the token of this configuration: perhaps it is the daemon of another ` +
            'data directory. Check http.port, http.token and dataDir.',
        )
      default:
        return new ReplayError(`The daemon at ${url} refused the rows (${status}): ${error.message}`)
    }
  }
}

/** Rows that the reader let pass are records: one that is refused means that the two sides differ in version. */
function assertAccepted({ body }: Answer, count: number): void {
  const { accepted, rejected } = body as {
    readonly accepted?: number
    readonly rejected?: readonly { readonly line: number; readonly reason: string }[]
  }
  if (accepted === count) return
  const [first] = rejected ?? []
  throw new ReplayError(
    `The daemon took ${accepted ?? 0} of ${count} rows` +
      (first === undefined ? '.' : `; row ${first.line} of the batch was refused: ${first.reason}.`),
  )
}
