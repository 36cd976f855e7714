import { readFile } from 'node:fs/promises'
import { request } from 'node:https'
import type { OAuthLogin } from '../../ports/broker-place.js'
import type { Clock } from '../../ports/clock.js'
import { withoutSecrets } from '../../core/secrets.js'
import { BrokerError } from '../../ports/broker.js'

/** A new token is asked for when the one in hand has used up this share of its life … */
const REFRESH_AT = 0.8
/** … or has less left: connections log in anew 10 s before theirs runs out, and that takes a token with more to it. */
const MIN_LEFT_S = 15
const LONGEST_WAIT_MS = 10_000
const MAX_ANSWER_BYTES = 1024 * 1024
/** Of an endpoint that does not say how long its tokens live (RFC 6749, 5.1, only recommends it). */
const UNSAID_LIFE_S = 60

interface Token {
  readonly value: string
  /** Milliseconds since the epoch. */
  readonly refreshAt: number
}

/**
 * Where kafkajs gets a token whenever a connection logs in, which it does anew before the one it had runs out: a file,
 * read each time, or an endpoint, asked when the token in hand gets old. Errors never hold a secret.
 */
export function tokenSource(login: OAuthLogin, clock: Clock): () => Promise<string> {
  if ('tokenFile' in login) return () => readToken(login.tokenFile)
  let token: Promise<Token> | null = null
  return async () => {
    const known = await token?.catch(() => null)
    if (known === undefined || known === null || clock.now() >= known.refreshAt)
      token = askForToken(login, clock)
    return (await token!).value
  }
}

async function readToken(file: string): Promise<string> {
  let token: string
  try {
    token = (await readFile(file, 'utf8')).trim()
  } catch (cause) {
    throw refused(`broker.kafka.sasl.oauth.tokenFile: ${file} cannot be read`, cause)
  }
  if (!/^[\x21-\x7e]+$/.test(token))
    throw refused(`broker.kafka.sasl.oauth.tokenFile: ${file} holds no token`)
  return token
}

/** The client credentials grant (RFC 6749, 4.4). */
async function askForToken(login: Exclude<OAuthLogin, { tokenFile: string }>, clock: Clock): Promise<Token> {
  const { endpoint, clientId, clientSecret, scope, ca } = login
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    ...(scope === undefined ? {} : { scope }),
  })
  const credentials = [clientId, clientSecret].map((part) => encodeURIComponent(part)).join(':')
  const sent = Buffer.from(credentials).toString('base64')
  const { status, body } = await post(
    endpoint,
    form.toString(),
    sent,
    ca === undefined
      ? undefined
      : await readFile(ca).catch((cause: unknown) => {
          throw refused(`broker.kafka.sasl.oauth.ca: ${ca} cannot be read`, cause)
        }),
  )
  const answer = parsed(body)
  if (status !== 200) {
    const said = typeof answer['error'] === 'string' ? `: ${answer['error']}` : ''
    // It may repeat what it was sent.
    const reason = withoutSecrets(said, [clientSecret, encodeURIComponent(clientSecret), sent]).slice(0, 200)
    throw refused(`${endpoint} answered ${status}${reason}`, undefined, status >= 500)
  }
  const { access_token: value, expires_in: life = UNSAID_LIFE_S } = answer
  if (typeof value !== 'string' || value === '') throw refused(`${endpoint} answered without an access_token`)
  const seconds = Number(life) || 0
  return { value, refreshAt: clock.now() + 1000 * Math.min(REFRESH_AT * seconds, seconds - MIN_LEFT_S) }
}

function post(
  endpoint: string,
  form: string,
  credentials: string,
  ca: Buffer | undefined,
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': Buffer.byteLength(form),
      accept: 'application/json',
      authorization: `Basic ${credentials}`,
    }
    const signal = AbortSignal.timeout(LONGEST_WAIT_MS)
    const failed = (cause: unknown): void => {
      const reason = signal.aborted ? `no answer within ${LONGEST_WAIT_MS / 1000} s` : messageOf(cause)
      reject(refused(`${endpoint} gave no token: ${reason}`, cause, true))
    }
    const asking = request(
      endpoint,
      { method: 'POST', headers, signal, ...(ca === undefined ? {} : { ca }) },
      (answer) => {
        let body = ''
        answer.setEncoding('utf8').on('error', failed)
        answer.on('data', (text: string) => {
          body += text
          if (body.length > MAX_ANSWER_BYTES) answer.destroy(new Error('its answer is too long'))
        })
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }))
      },
    )
    asking.on('error', failed).end(form)
  })
}

function parsed(body: string): Readonly<Record<string, unknown>> {
  try {
    const value = JSON.parse(body) as unknown
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function refused(message: string, cause?: unknown, retriable = false): BrokerError {
  return new BrokerError('unavailable', `No token to log in to Kafka with: ${message}.`, retriable, { cause })
}
