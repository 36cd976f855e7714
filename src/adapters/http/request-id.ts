import { randomBytes } from 'node:crypto'

/** Of a client or a proxy that numbers its requests itself; nothing that could break a log line. */
const GIVEN = /^[\w.-]{1,64}$/

/** By which the log tells of a request: the client's own id, where it sent a usable one, else a new one. */
export function requestId(given: string | readonly string[] | undefined): string {
  return typeof given === 'string' && GIVEN.test(given) ? given : newRequestId()
}

export function newRequestId(): string {
  return randomBytes(8).toString('hex')
}
