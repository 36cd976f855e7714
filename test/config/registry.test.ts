import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ConfigError } from '../../src/config/error.js'
import { loadConfig } from '../../src/config/load.js'
import { maskSecrets } from '../../src/config/show.js'

function problems(text: string, env: Record<string, string> = {}): readonly string[] {
  try {
    loadConfig({ files: [], text, env })
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.problems.map(({ path }) => path)
  }
}

test('an encoding with schemas needs a registry, and a registry one way to log in', () => {
  assert.deepEqual(problems(`{ pipelines: { p: { encoding: { input: 'avro' } } } }`), [
    'pipelines.p.encoding.input',
  ])
  const registry = (settings: string) => `{ schemaRegistry: { url: 'http://r:8081', ${settings} } }`
  assert.deepEqual(problems(registry('')), [])
  assert.deepEqual(problems(registry(`password: 'x'`)), ['schemaRegistry.password'])
  assert.deepEqual(problems(registry(`token: 'x'`)), ['schemaRegistry.token'])
  const env = { TIDECAST_SCHEMA_REGISTRY_TOKEN: 'x' }
  assert.deepEqual(problems(registry(`username: 'u'`), env), ['schemaRegistry.username'])
  for (const url of ['r:8081', 'ftp://r', 'http://u:p@r']) {
    assert.deepEqual(problems(`{ schemaRegistry: { url: '${url}' } }`), ['schemaRegistry.url'], url)
  }
})

test('secrets come from files, and are never shown', (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'tidecast-'))
  t.after(() => {
    rmSync(dir, { recursive: true })
  })
  const file = join(dir, 'password')
  writeFileSync(file, 'hush\n')
  const text = `{ schemaRegistry: { url: 'https://r', username: 'u', passwordFile: '${file}' } }`
  const config = loadConfig({ files: [], text, env: {} })
  assert.equal(config.schemaRegistry.password, 'hush')
  assert.doesNotMatch(JSON.stringify(maskSecrets(config)), /hush/)
})
