import { BrokerError } from '../../ports/broker.js'
import { TooBusy } from '../../ports/control/series.js'

/** The closed list of error codes in answers. */
export const ERROR_CODES = [
  'bad-request',
  'bad-json',
  'no-records',
  'too-many-records',
  'too-large',
  'unsupported-encoding',
  'token-missing',
  'token-wrong',
  'not-found',
  'unknown-pipeline',
  'unknown-topic',
  'unknown-series',
  'no-forecast',
  'no-schema',
  'timeout',
  'bad-configuration',
  'needs-restart',
  'busy',
  'not-possible',
  'unknown-version',
  'unfit',
  'damaged',
  'bad-file',
  'nothing-to-do',
  'unavailable',
  'disk-full',
  'internal',
] as const

export type HttpErrorCode = (typeof ERROR_CODES)[number]

/** An answer that is not a success: what is wrong and what to do about it. */
export class HttpError extends Error {
  override readonly name = 'HttpError'
  constructor(
    readonly status: number,
    readonly code: HttpErrorCode,
    message: string,
    readonly details: Readonly<Record<string, unknown>> = {},
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message)
  }

  /**
   * The body of the answer. Holds neither stack nor cause.
   * @param requestId by which the log tells of it
   */
  body(requestId: string): { readonly error: Readonly<Record<string, unknown>> } {
    return { error: { code: this.code, message: this.message, requestId, ...this.details } }
  }
}

/** What a client may know of any error. Of one that nobody foresaw: nothing. */
export function toHttpError(error: unknown): HttpError {
  if (error instanceof HttpError) return error
  if (error instanceof BrokerError) return fromBroker(error)
  if (error instanceof TooBusy) {
    const message = 'Too much of this is being asked for at once: try again in a second.'
    return new HttpError(429, 'busy', message, { retryAfterSeconds: 1 }, { 'retry-after': '1' })
  }
  const { statusCode, code } = fastifyError(error)
  const invalid = invalidParameter(error)
  if (invalid !== null) return new HttpError(400, 'bad-request', invalid)
  if (statusCode === 413)
    return new HttpError(413, 'too-large', 'The body is too large: send fewer records at once.')
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new HttpError(statusCode, 'bad-request', `The request cannot be read (${code ?? statusCode}).`)
  }
  return new HttpError(500, 'internal', 'Something went wrong here; the log of the daemon says what.')
}

function fromBroker(error: BrokerError): HttpError {
  switch (error.code) {
    case 'unknown-topic':
      return new HttpError(404, 'unknown-topic', 'There is no such topic.')
    case 'too-large':
      return new HttpError(413, 'too-large', 'A record is larger than the log takes; nothing was appended.')
    case 'disk-full':
      return new HttpError(507, 'disk-full', 'The log has no room left; nothing was appended.')
    case 'unavailable':
    case 'closed':
    case 'locked':
    case 'revoked':
    case 'newer-format':
      return new HttpError(503, 'unavailable', 'The log cannot be written to now; nothing was appended.')
    case 'corrupt':
      return new HttpError(500, 'internal', 'The log is damaged; nothing was appended.')
  }
}

function fastifyError(error: unknown): { statusCode?: number; code?: string } {
  if (!(error instanceof Error)) return {}
  return {
    ...('statusCode' in error && typeof error.statusCode === 'number'
      ? { statusCode: error.statusCode }
      : {}),
    ...('code' in error && typeof error.code === 'string' ? { code: error.code } : {}),
  }
}

/** What of a request does not fit the schema of its route, in words; `null` where the error is another one. */
function invalidParameter(error: unknown): string | null {
  if (!(error instanceof Error) || !('validation' in error) || !Array.isArray(error.validation)) return null
  const { validationContext = 'request' } = error as { readonly validationContext?: string }
  const [first] = error.validation as readonly {
    readonly instancePath?: string
    readonly message?: string
    readonly params?: Readonly<Record<string, unknown>>
  }[]
  const place = validationContext === 'querystring' ? 'query' : validationContext
  const path = first?.instancePath?.slice(1) ?? ''
  const which = path === '' ? `The ${place}` : `"${path}" of the ${place}`
  const { additionalProperty, allowedValues } = first?.params ?? {}
  if (typeof additionalProperty === 'string') return `The ${place} has no parameter "${additionalProperty}".`
  const allowed = Array.isArray(allowedValues) ? `: ${allowedValues.join(', ')}` : ''
  return `${which} ${first?.message ?? 'cannot be that'}${allowed}.`
}
