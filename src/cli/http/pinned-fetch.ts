import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { isIP } from 'node:net'
import { Readable } from 'node:stream'
import { connect, type TLSSocket } from 'node:tls'

export type Fetch = (url: string | URL, init?: RequestInit) => Promise<Response>

/**
 * Like `fetch`, over TLS to a server that shows a certificate known beforehand, whatever names are in it: a daemon's own
 * commands ask it on loopback. One that the system's authorities vouch for will do too. Nothing is sent to any other.
 * @param fingerprint SHA-256 of the certificate
 */
export function pinnedFetch(fingerprint: string): Fetch {
  return async (address, init = {}) => {
    const url = new URL(address)
    const signal = init.signal ?? undefined
    const socket = await connected(url, fingerprint, signal)
    const request = httpRequest({
      ...(signal === undefined ? {} : { signal }),
      createConnection: () => socket,
      host: url.hostname,
      port: url.port,
      path: url.pathname + url.search,
      method: init.method ?? 'GET',
      headers: { ...(init.headers as Record<string, string> | undefined), connection: 'close' },
    })
    request.end(init.body as Uint8Array | string | undefined)
    return new Promise((resolve, reject) => {
      request.once('error', reject)
      request.once('response', (answer) => {
        const headers = Object.entries(answer.headers).map(([name, value]): [string, string] => [
          name,
          String(value),
        ])
        const body = answer.statusCode === 204 ? null : (Readable.toWeb(answer) as ReadableStream)
        resolve(new Response(body, { status: answer.statusCode ?? 500, headers }))
      })
    })
  }
}

async function connected(url: URL, fingerprint: string, signal: AbortSignal | undefined): Promise<TLSSocket> {
  signal?.throwIfAborted()
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const name = isIP(host) === 0 ? { servername: host } : {}
  const socket = connect({ host, port: Number(url.port), rejectUnauthorized: false, ...name })
  try {
    await once(socket, 'secureConnect', signal === undefined ? {} : { signal })
  } catch (error) {
    socket.destroy()
    throw error
  }
  if (socket.authorized || socket.getPeerX509Certificate()?.fingerprint256 === fingerprint) return socket
  socket.destroy()
  throw new Error(`${url.origin} shows another certificate than http.tls.cert holds`)
}
