import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:https'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

interface Certificates {
  readonly ca: string
  readonly server: string
}

const certificates = (await import(
  new URL('../../../scripts/kafka/certificates.mjs', import.meta.url).href
)) as {
  makeCertificates(dir: string, client: string): Promise<Certificates>
}

/** HTTPS with logins before a schema registry, as operators put one there; it can be shut for a while. */
export class RegistryGate {
  private constructor(
    private readonly server: Server,
    private readonly port: number,
    /** Of the registry through the gate. */
    readonly url: string,
    /** File with the authority's certificate. */
    readonly ca: string,
  ) {}

  /**
   * @param dir where certificates are made
   * @param logins values of `authorization` that are let in
   */
  static async before(registry: string, dir: string, logins: readonly string[]): Promise<RegistryGate> {
    const { ca, server: pem } = await certificates.makeCertificates(dir, 'nobody')
    const identity = await readFile(pem)
    const server = createServer({ key: identity, cert: identity }, (request, response) => {
      const allowed = logins.includes(request.headers.authorization ?? '')
      const passed = allowed ? pass(registry, request, response) : deny(response)
      passed.catch(() => response.destroy())
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const { pathname } = new URL(registry)
    return new RegistryGate(server, port, `https://localhost:${port}${pathname}`, ca)
  }

  /** Nobody is let in until it is opened again. */
  async shut(): Promise<void> {
    this.server.close()
    this.server.closeAllConnections()
    await once(this.server, 'close')
  }

  async open(): Promise<void> {
    this.server.listen(this.port, '127.0.0.1')
    await once(this.server, 'listening')
  }
}

async function pass(registry: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const { origin } = new URL(registry)
  const { method = 'GET', url = '/', headers } = request
  const answer = await fetch(origin + url, {
    method,
    headers: { 'content-type': headers['content-type'] ?? 'application/json' },
    ...(method === 'GET' ? {} : { body: Buffer.concat(chunks) }),
  })
  response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text())
}

async function deny(response: ServerResponse): Promise<void> {
  response
    .writeHead(401, { 'content-type': 'application/json' })
    .end('{"error_code":401,"message":"who is it?"}')
}
