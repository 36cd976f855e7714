import { request as plain } from 'node:http'
import { request as secure } from 'node:https'
import { withoutSecrets } from '../../core/secrets.js'
import { RegistryError, type RegistryPlace } from '../../ports/schema-registry.js'

/** A larger answer is no schema. */
const MOST_BYTES = 4 * 2 ** 20
const TYPE = 'application/vnd.schemaregistry.v1+json'

export interface Answer {
  readonly status: number
  /** Parsed JSON; undefined where it is none. */
  readonly body: unknown
}

/** Requests in JSON with a login, authorities of one's own, a limit of time and of size. */
export class HttpJson {
  private readonly headers: Readonly<Record<string, string>>

  constructor(
    private readonly place: RegistryPlace,
    private readonly ca: Buffer | undefined,
  ) {
    const { login } = place
    const secret =
      login?.kind === 'basic'
        ? `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`
        : `Bearer ${login?.token ?? ''}`
    this.headers = { accept: TYPE, ...(login === undefined ? {} : { authorization: secret }) }
  }

  /** A registry may repeat in its answer what it was sent. */
  private shown(text: string): string {
    const { login } = this.place
    if (login === undefined) return text
    const secret = login.kind === 'basic' ? login.password : login.token
    const sent = this.headers['authorization']?.split(' ')[1] ?? ''
    return withoutSecrets(text, [secret, sent])
  }

  /** Rejects with 'unavailable' where no whole answer comes in time. */
  ask(method: 'GET' | 'POST', path: string, body?: object): Promise<Answer> {
    const { url, timeoutMs } = this.place
    const target = new URL(url + path)
    const payload = body === undefined ? undefined : JSON.stringify(body)
    return new Promise((resolve, reject) => {
      const fail = (error: Error): void => {
        reject(
          new RegistryError('unavailable', `schema registry at ${url}: ${error.message}`, { cause: error }),
        )
      }
      const send = target.protocol === 'https:' ? secure : plain
      const request = send(target, {
        method,
        headers: { ...this.headers, ...(payload === undefined ? {} : { 'content-type': TYPE }) },
        signal: AbortSignal.timeout(timeoutMs),
        ...(this.ca === undefined ? {} : { ca: this.ca }),
      })
      request.on('error', fail)
      request.on('response', (response) => {
        const chunks: Buffer[] = []
        let size = 0
        response.on('data', (chunk: Buffer) => {
          chunks.push(chunk)
          size += chunk.length
          if (size > MOST_BYTES) response.destroy(new Error(`an answer of more than ${MOST_BYTES} bytes`))
        })
        response.on('error', fail)
        response.on('end', () => {
          resolve({
            status: response.statusCode ?? 0,
            body: parse(this.shown(Buffer.concat(chunks).toString())),
          })
        })
      })
      request.end(payload)
    })
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
