import { BrokerError } from '../../ports/broker.js'

/** The closed list of error codes in answers. */
export type HttpErrorCode =
  | 'bad-request'
  | 'bad-json'
  | 'no-records'
  | 'too-many-records'
  | 'too-large'
  | 'unsupported-encoding'
  | 'token-missing'
  | 'token-wrong'
  | 'not-found'
  | 'unknown-pipeline'
  | 'unknown-topic'
  | 'no-forecast'
  | 'no-schema'
  | 'timeout'
  | 'busy'
  | 'not-possible'
  | 'unavailable'
  | 'disk-full'
  | 'internal'

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

  /** The body of the answer. Holds neither stack nor cause. */
  body(): { readonly error: Readonly<Record<string, unknown>> } {
    return { error: { code: this.code, message: this.message, ...this.details } }
  }
}

/** What a client may know of any error. Of one that nobody foresaw: nothing. */
export function toHttpError(error: unknown): HttpError {
  if (error instanceof HttpError) return error
  if (error instanceof BrokerError) return fromBroker(error)
  const { statusCode, code } = fastifyError(error)
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
