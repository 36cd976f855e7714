import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { ConfigProblem } from './error.js'

/** A certificate with its key, as its files hold them. */
export interface Certificate {
  /** Paths of the files. */
  readonly cert: string
  readonly key: string
  /** PEM: the certificate first, then those that lead to an authority. */
  readonly chain: string
  /** PEM; a secret. */
  readonly privateKey: string
  /** SHA-256 of the certificate, as `AB:CD:…`. */
  readonly fingerprint: string
}

/** @returns `null` where there is none, or something is wrong with it, which `problems` then says */
export function readCertificate(
  path: string,
  { cert, key }: { readonly cert: string | null; readonly key: string | null },
  problems: ConfigProblem[],
): Certificate | null {
  if (cert === null || key === null) return null
  const chain = read(`${path}.cert`, cert, 'a certificate, PEM', problems, (pem) => new X509Certificate(pem))
  const secret = read(`${path}.key`, key, 'a private key without passphrase, PEM', problems, createPrivateKey)
  if (chain === null || secret === null) return null
  if (!chain.parsed.checkPrivateKey(secret.parsed)) {
    problems.push({ path: `${path}.key`, value: key, expected: 'the key of the certificate', source: key })
    return null
  }
  return { cert, key, chain: chain.text, privateKey: secret.text, fingerprint: chain.parsed.fingerprint256 }
}

function read<T>(
  path: string,
  file: string,
  expected: string,
  problems: ConfigProblem[],
  parse: (pem: string) => T,
): { readonly text: string; readonly parsed: T } | null {
  try {
    const text = readFileSync(file, 'utf8')
    return { text, parsed: parse(text) }
  } catch (error) {
    // What the parser complains of may quote the file.
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable'
    problems.push({ path, value: file, expected: `${expected} (${code})`, source: file })
    return null
  }
}
