import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { pinnedFetch } from '../../../src/cli/http/pinned-fetch.js'
import { makeCertificate, withoutOpenssl } from '../../support/certificates.js'
import { DaemonProcess, TOKEN } from '../../support/daemon-process.js'
import { withDataDirectory } from '../../support/house.js'

const BINARY = fileURLToPath(new URL('../../../../bin/tidecast.js', import.meta.url))

/** A command of the same configuration. */
function tidecast(args: readonly string[]): Promise<{ readonly code: number; readonly text: string }> {
  return new Promise((resolve) => {
    const env = { ...process.env, TIDECAST_HTTP_TOKEN: TOKEN }
    execFile(process.execPath, [BINARY, ...args], { env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), text: stdout + stderr })
    })
  })
}

test(
  'certificates that were renewed are taken up by a reload, commands of the configuration ask over TLS, and a key that does not fit changes nothing',
  { skip: withoutOpenssl },
  async () => {
    await withDataDirectory(async (dataDir) => {
      const [cert, key] = ['tls.pem', 'tls.key'].map((name) => join(dataDir, name)) as [string, string]
      const first = makeCertificate(cert, key)
      const daemon = await DaemonProcess.start(dataDir, {
        engine: { backend: 'cpu' },
        http: { tls: { cert, key } },
        pipelines: { p: { interval: '1h', season: 'none', training: { enabled: false } } },
      })
      try {
        const url = await daemon.listening
        assert.match(url, /^https:/)
        const settings = [`dataDir=${dataDir}`, `http.port=${new URL(url).port}`]
        const options = ['-c', join(dataDir, 'tidecast.json5'), ...settings.flatMap((one) => ['--set', one])]
        const shown = async (fingerprint: string): Promise<number> =>
          (await pinnedFetch(fingerprint)(`${url}/api/v1/pipelines`)).status
        assert.equal(await shown(first.fingerprint), 200)
        assert.deepEqual(await tidecast(['ready', '--wait', '60s', ...options]), { code: 0, text: 'ready\n' })

        const reload = async (fingerprint: string): Promise<Response> =>
          pinnedFetch(fingerprint)(`${url}/-/reload`, {
            method: 'POST',
            headers: { authorization: `Bearer ${TOKEN}` },
          })
        const second = makeCertificate(cert, key)
        assert.equal(await shown(first.fingerprint), 200)
        const answer = (await (await reload(first.fingerprint)).json()) as { changes: { path: string }[] }
        assert.deepEqual(
          answer.changes.map(({ path }) => path),
          ['http.tls.cert'],
        )
        assert.equal(await shown(second.fingerprint), 200)
        assert.equal((await tidecast(['config', 'plan', ...options])).code, 0)

        chmodSync(key, 0o600)
        writeFileSync(key, first.privateKey)
        assert.equal((await reload(second.fingerprint)).status, 422)
        assert.equal(await shown(second.fingerprint), 200)
        const refused = await tidecast(['config', 'check', ...options])
        assert.equal(refused.code, 1)
        assert.match(refused.text, /http\.tls\.key.*expected the key of the certificate/s)
      } finally {
        await daemon.kill()
      }
    })
  },
)
