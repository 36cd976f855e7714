import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { HttpError } from './errors.js'
import { newRequestId } from './request-id.js'

/**
 * Answers what is not HTTP, or never became a whole request; there is no request object yet, only the socket.
 * @param told with the status of the answer and the id under which it is logged
 */
export function answerClientError(
  error: Error & { code?: string },
  socket: Socket,
  told: (status: number, requestId: string) => void,
): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return
  // It failed before there was a connection to answer on.
  if (/^ERR_(SSL|TLS)_/.test(error.code ?? '')) return void socket.destroy()
  if (socket.writable) {
    const answer = explain(error.code)
    const requestId = newRequestId()
    told(answer.status, requestId)
    const body = JSON.stringify(answer.body(requestId))
    const head = [
      `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status]}`,
      'Content-Type: application/json; charset=utf-8',
      `X-Request-Id: ${requestId}`,
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Connection: close',
    ]
    socket.write(`${head.join('\r\n')}\r\n\r\n${body}`)
  }
  socket.destroy()
}

function explain(code: string | undefined): HttpError {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new HttpError(408, 'timeout', 'The request did not arrive in time.')
    case 'HPE_HEADER_OVERFLOW':
      return new HttpError(431, 'too-large', 'The headers are too large.')
    default:
      return new HttpError(400, 'bad-request', 'This is not an HTTP request.')
  }
}
