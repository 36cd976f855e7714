import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ConfigError } from '../../src/config/error.js'
import { loadConfig } from '../../src/config/load.js'
import { asFile, maskSecrets } from '../../src/config/show.js'

const LOGIN = `sasl: { mechanism: 'plain', username: 'me' }`
const ENV = { TIDECAST_BROKER_KAFKA_SASL_PASSWORD: 'sesame' }

function load(kafka: string, env: Record<string, string> = {}) {
  return loadConfig({ files: [], text: `{ broker: { kind: 'kafka', kafka: { ${kafka} } } }`, env })
}

function problems(kafka: string, env: Record<string, string> = {}): string[] {
  try {
    load(kafka, env)
    return []
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    assert.doesNotMatch(error.message, /sesame/)
    return error.problems.map(({ path }) => path)
  }
}

test('brokers are a list, or one text with commas, as an environment variable has them', () => {
  assert.deepEqual(load(`brokers: ['a:1', '[::1]:2']`).broker.kafka.brokers, ['a:1', '[::1]:2'])
  const env = { TIDECAST_BROKER_KAFKA_BROKERS: 'a:1, b:2' }
  assert.deepEqual(load('', env).broker.kafka.brokers, ['a:1', 'b:2'])
  for (const brokers of [`[]`, `['a']`, `['a:b']`, `[1]`, `'a:1,'`]) {
    assert.deepEqual(problems(`brokers: ${brokers}`), ['broker.kafka.brokers'], brokers)
  }
})

test('a password comes from the environment or a file of its own, and from no configuration file', (t) => {
  assert.equal(load(LOGIN, ENV).broker.kafka.sasl.password, 'sesame')
  const folder = mkdtempSync(join(tmpdir(), 'tidecast-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'password')
  writeFileSync(file, 'open sesame\n')
  const inFile = `sasl: { mechanism: 'plain', username: 'me', passwordFile: ${JSON.stringify(file)} }`
  assert.equal(load(inFile).broker.kafka.sasl.password, 'open sesame')
  assert.deepEqual(problems(inFile, ENV), ['broker.kafka.sasl.passwordFile'])
  const inConfig = `sasl: { mechanism: 'plain', username: 'me', password: 'sesame' }`
  assert.deepEqual(problems(inConfig), ['broker.kafka.sasl.password'])
})

test('a login lacks neither name nor password, a certificate not its key', () => {
  assert.deepEqual(problems(`sasl: { mechanism: 'plain' }`), [
    'broker.kafka.sasl.username',
    'broker.kafka.sasl.password',
  ])
  assert.deepEqual(problems(`tls: { enabled: true, cert: 'c.pem' }`), ['broker.kafka.tls.key'])
  assert.deepEqual(problems(`heartbeat: '5s', sessionTimeout: '10s'`), ['broker.kafka.heartbeat'])
})

test('a shown configuration has no password, and can be read again', () => {
  const config = load(LOGIN, ENV)
  assert.doesNotMatch(JSON.stringify([maskSecrets(config), asFile(config)]), /sesame/)
  const text = JSON.stringify(asFile(config))
  assert.deepEqual(loadConfig({ files: [], text, env: ENV }), config)
})

test('oauthbearer takes a token file or an endpoint over HTTPS with its client, whose secret is in no file and never shown', () => {
  const sasl = (oauth: string): string => `sasl: { mechanism: 'oauthbearer', oauth: { ${oauth} } }`
  const endpoint = `endpoint: 'https://id.example/token', clientId: 'me'`
  const secret = { TIDECAST_BROKER_KAFKA_SASL_OAUTH_CLIENT_SECRET: 'sesame' }
  const at = (name: string): string => `broker.kafka.sasl.oauth.${name}`
  assert.deepEqual(problems(sasl(`tokenFile: 't'`)), [])
  assert.deepEqual(problems(sasl(endpoint), secret), [])
  assert.deepEqual(problems(sasl('')), [at('tokenFile')])
  assert.deepEqual(problems(sasl(`tokenFile: 't', ${endpoint}`), secret), [at('tokenFile')])
  assert.deepEqual(problems(sasl(`endpoint: 'https://id.example/token'`), secret), [at('clientId')])
  assert.deepEqual(problems(sasl(endpoint)), [at('clientSecret')])
  assert.deepEqual(problems(sasl(`${endpoint}, clientSecret: 'sesame'`)), [at('clientSecret')])
  for (const url of ['http://id.example/token', 'https://me:sesame@id.example/', 'id.example']) {
    assert.deepEqual(problems(sasl(`endpoint: '${url}', clientId: 'me'`), secret), [at('endpoint')], url)
  }
  const config = load(sasl(endpoint), secret)
  assert.doesNotMatch(JSON.stringify([maskSecrets(config), asFile(config)]), /sesame/)
})
