import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run, which } from '../setup/run.mjs'

const DAYS = '7'

/** What the certificates of a try-out cluster lack here, in words; null when nothing does. */
export function missingForCertificates() {
  return which('openssl') === null ? 'openssl on PATH' : null
}

/**
 * Throw-away certificates, good for a week: an authority, a server's for loopback and a client's, all of them PEM.
 * @param {string} dir folder that is made for them
 * @param {string} client common name in the client's certificate: with a client certificate alone, that is who Kafka sees
 * @returns {Promise<{ca: string, server: string, cert: string, key: string}>} files; `server` holds key and certificate
 */
export async function makeCertificates(dir, client) {
  const missing = missingForCertificates()
  if (missing !== null) throw new Error(`certificates need ${missing}`)
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const file = (name) => join(dir, name)
  const openssl = async (...args) => {
    const outcome = await run('openssl', args, { cwd: dir, timeoutMs: 30_000 })
    if (!outcome.ok) throw new Error(`no certificate could be made: ${outcome.reason}`)
  }
  const key = (name) =>
    openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', name)
  await key('ca.key')
  const authority = [
    '-subj',
    '/CN=tidecast try-out authority',
    '-addext',
    'keyUsage=critical,keyCertSign,cRLSign',
  ]
  await openssl('req', '-x509', '-new', '-key', 'ca.key', '-days', DAYS, '-out', 'ca.pem', ...authority)
  for (const [name, subject, usage] of [
    ['server', 'localhost', 'serverAuth'],
    ['client', client, 'clientAuth'],
  ]) {
    await key(`${name}.key`)
    await openssl('req', '-new', '-key', `${name}.key`, '-subj', `/CN=${subject}`, '-out', `${name}.csr`)
    const names = usage === 'serverAuth' ? 'subjectAltName=DNS:localhost,IP:127.0.0.1\n' : ''
    await writeFile(file(`${name}.ext`), `${names}extendedKeyUsage=${usage}\n`)
    const signing = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', DAYS]
    await openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      ...signing,
      '-extfile',
      `${name}.ext`,
      '-out',
      `${name}.pem`,
    )
  }
  const server = await Promise.all(['server.key', 'server.pem'].map((name) => readFile(file(name), 'utf8')))
  await writeFile(file('server-store.pem'), server.join(''), { mode: 0o600 })
  return {
    ca: file('ca.pem'),
    server: file('server-store.pem'),
    cert: file('client.pem'),
    key: file('client.key'),
  }
}
