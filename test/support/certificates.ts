import { execFileSync, spawnSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { unlessAvailable } from './requirement.js'

/** For a test's `skip`: certificates are made with openssl. */
export const withoutOpenssl = unlessAvailable(spawnSync('openssl', ['version']).status === 0, 'openssl')

export interface MadeCertificate {
  readonly chain: string
  readonly privateKey: string
  readonly fingerprint: string
}

/** A certificate for localhost that signs itself, in these files. */
export function makeCertificate(cert: string, key: string): MadeCertificate {
  const names = 'subjectAltName=DNS:localhost,IP:127.0.0.1'
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'].concat([
      '-subj',
      '/CN=localhost',
      '-addext',
      names,
      '-out',
      cert,
      '-keyout',
      key,
    ]),
    { stdio: 'ignore' },
  )
  const chain = readFileSync(cert, 'utf8')
  const privateKey = readFileSync(key, 'utf8')
  return { chain, privateKey, fingerprint: new X509Certificate(chain).fingerprint256 }
}
