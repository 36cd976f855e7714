import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { brokerPlace, openBroker } from '../../src/cli/broker.js'
import { loadConfig } from '../../src/config/load.js'
import { BrokerError } from '../../src/ports/broker.js'
import { systemClock } from '../../src/ports/clock.js'
import { readAll, text } from '../contract/broker-helpers.js'
import { DaemonProcess } from '../support/daemon-process.js'
import { startKafka, unsecuredToken, withoutKafka } from '../support/kafka.js'
import type { KafkaLogins, RealKafka } from '../support/kafka.js'

describe('logins to a real Kafka over TLS, as configured', { skip: withoutKafka }, () => {
  let kafka: RealKafka
  let dir: string
  let secure: KafkaLogins
  before(async () => {
    kafka = await startKafka({ secure: true })
    secure = kafka.secure!
    dir = await mkdtemp(join(tmpdir(), 'tidecast-'))
  })
  after(async () => {
    await kafka.stop()
    await rm(dir, { recursive: true, force: true })
  })

  function open(brokers: string, settings: object, env: Record<string, string> = {}) {
    const tls = { enabled: true, ca: secure.ca }
    const kafkaSettings = { brokers, tls, modelsTopic: 'models', ...settings }
    const text = JSON.stringify({ broker: { kind: 'kafka', kafka: kafkaSettings } })
    const place = brokerPlace(loadConfig({ files: [], text, env }), dir)
    return openBroker(place, { clock: systemClock, pid: process.pid })
  }

  /** In a transaction and read back, `times` over. */
  async function works(topic: string, opening: ReturnType<typeof open>, until = (): boolean => true) {
    const broker = await opening
    try {
      await broker.ensureTopics([{ name: topic, partitions: 2 }])
      do {
        await broker.append(
          ['a', 'b', 'c', 'd'].map((key) => ({ topic, key: Buffer.from(key), value: null })),
        )
      } while (!until())
      const read = [...(await readAll(broker, topic, 0)), ...(await readAll(broker, topic, 1))]
      assert.ok(read.length >= 4 && read.length % 4 === 0)
      assert.deepEqual([...new Set(read.map(({ key }) => text(key)))].sort(), ['a', 'b', 'c', 'd'])
    } finally {
      await broker.close()
    }
  }

  for (const mechanism of ['plain', 'scram-sha-256', 'scram-sha-512'] as const) {
    test(`${mechanism}: the right password is let in, a wrong one is told as that`, async () => {
      const sasl = { mechanism, username: secure.users[mechanism] }
      const env = { TIDECAST_BROKER_KAFKA_SASL_PASSWORD: secure.password }
      await works(mechanism, open(secure.sasl, { sasl }, env))
      await assert.rejects(open(secure.sasl, { sasl }, { TIDECAST_BROKER_KAFKA_SASL_PASSWORD: 'guess' }), {
        name: 'BrokerError',
        retriable: false,
        message: /authentication.*credentials/is,
      })
    })
  }

  test('a client certificate is enough where the cluster takes one, and none is not', async () => {
    const { ca, cert, key } = secure
    await works('certificate', open(secure.ssl, { tls: { enabled: true, ca, cert, key } }))
    await assert.rejects(open(secure.ssl, {}), { name: 'BrokerError', code: 'unavailable' })
  })

  test('a cluster whose authority is not trusted is refused, and the error says so', async () => {
    const sasl = { mechanism: 'plain', username: secure.users.plain }
    const env = { TIDECAST_BROKER_KAFKA_SASL_PASSWORD: secure.password }
    await assert.rejects(open(secure.sasl, { sasl, tls: { enabled: true } }, env), {
      retriable: false,
      message: /certificate.*broker\.kafka\.tls/s,
    })
  })

  test('a port that speaks otherwise than configured is waited for, and the error says which setting to look at', async () => {
    const sasl = { mechanism: 'plain', username: secure.users.plain }
    const env = { TIDECAST_BROKER_KAFKA_SASL_PASSWORD: secure.password }
    const without = { tls: { enabled: false } }
    const cases = [
      [() => open(kafka.brokers, {}), /one for TLS, or set broker\.kafka\.tls\.enabled to false/],
      [() => open(secure.ssl, without), /one for TLS, which broker\.kafka\.tls\.enabled turns on/],
      [() => open(secure.sasl, { ...without, sasl }, env), /broker\.kafka\.tls\.enabled turns on/],
      [() => open(kafka.brokers, { ...without, sasl }, env), /takes a login: broker\.kafka\.sasl/],
    ] as const
    for (const [opening, message] of cases) await assert.rejects(opening(), { retriable: true, message })
  })

  test('a daemon with a wrong password ends with code 1 and says so, without the password', async () => {
    const passwordFile = join(dir, 'password')
    await writeFile(passwordFile, 'a guess')
    const sasl = { mechanism: 'scram-sha-512', username: secure.users['scram-sha-512'], passwordFile }
    const place = { brokers: secure.sasl, tls: { enabled: true, ca: secure.ca }, sasl }
    const daemon = await DaemonProcess.start(dir, {
      broker: { kind: 'kafka', kafka: place },
      pipelines: { wrong: { interval: '1h', season: 'none' } },
    })
    assert.equal((await daemon.ended).code, 1)
    assert.match(daemon.stderr, /authentication.*Check the credentials/is)
    assert.doesNotMatch(daemon.stderr, /a guess/)
  })

  test('oauthbearer: a token file is read anew at each login', async () => {
    const tokenFile = join(dir, 'token')
    const settings = { sasl: { mechanism: 'oauthbearer', oauth: { tokenFile } } }
    await writeFile(tokenFile, unsecuredToken(secure.users.oauthbearer, -60))
    await assert.rejects(open(secure.sasl, settings), { retriable: false, message: /OAUTHBEARER/ })
    // kafkajs logs in anew 10 s before a token runs out, and Kafka takes no login within a second of another.
    await writeFile(tokenFile, `${unsecuredToken(secure.users.oauthbearer, 13)}\n`)
    const broker = await open(secure.sasl, settings)
    try {
      await broker.ensureTopics([{ name: 'token-file', partitions: 1 }])
      const append = () => broker.append([{ topic: 'token-file', key: null, value: null }])
      await append()
      await writeFile(tokenFile, unsecuredToken(secure.users.oauthbearer, -60))
      await assert.rejects(
        async () => {
          // A request that is under way when the login fails is told another reason, and may be tried again.
          for (;;) {
            await append().catch((error: unknown) => {
              if (!(error instanceof BrokerError && error.retriable)) throw error
            })
          }
        },
        { retriable: false, message: /OAUTHBEARER.*refused/ },
      )
      await writeFile(tokenFile, unsecuredToken(secure.users.oauthbearer, 600))
      await append()
    } finally {
      await broker.close()
    }
  })

  test('oauthbearer: tokens come from an endpoint, which is asked again before one runs out', async () => {
    const asked: { authorization?: string | undefined; body: string }[] = []
    let denies = false
    const server = await tokenEndpoint(dirname(secure.ca), (authorization, body) => {
      asked.push({ authorization, body })
      if (denies) return { error: `no: ${authorization ?? ''}` }
      const access_token = unsecuredToken(secure.users.oauthbearer, 13)
      return { access_token, expires_in: 13, token_type: 'Bearer' }
    })
    const { port } = server.address() as AddressInfo
    const oauth = {
      clientId: 'tide cast',
      scope: 'kafka',
      ca: secure.ca,
      endpoint: `https://localhost:${port}/token`,
    }
    const sasl = { mechanism: 'oauthbearer', oauth }
    const env = { TIDECAST_BROKER_KAFKA_SASL_OAUTH_CLIENT_SECRET: 'se:cret' }
    try {
      let connected = 0
      await works('endpoint', open(secure.sasl, { sasl }, env), () => {
        // The first append makes the last connection; after that only a new login asks.
        connected ||= asked.length
        return asked.length > connected
      })
      const [{ authorization, body }] = asked as [(typeof asked)[number]]
      assert.equal(Buffer.from(authorization!.slice(6), 'base64').toString(), 'tide%20cast:se%3Acret')
      assert.equal(body, 'grant_type=client_credentials&scope=kafka')
      denies = true
      await assert.rejects(open(secure.sasl, { sasl }, env), {
        message: /answered 401: no: Basic \*{8}/,
      })
    } finally {
      server.closeAllConnections()
      server.close()
    }
    await assert.rejects(open(secure.sasl, { sasl }, env), (error: Error) => {
      assert.match(error.message, /localhost:\d+\/token gave no token/)
      assert.doesNotMatch(error.message, /cret/)
      return true
    })
  })
})

async function tokenEndpoint(
  certificates: string,
  answer: (authorization: string | undefined, body: string) => object,
): Promise<Server> {
  const [key, cert] = await Promise.all(
    ['server.key', 'server.pem'].map((name) => readFile(join(certificates, name))),
  )
  const server = createServer({ key: key!, cert: cert! }, (request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => (body += text))
    request.on('end', () => {
      const said = answer(request.headers.authorization, body)
      response.statusCode = 'error' in said ? 401 : 200
      response.end(JSON.stringify(said))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}
