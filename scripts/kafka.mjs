import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { startKafka } from './kafka/server.mjs'
import { unsecuredToken } from './kafka/security.mjs'

const help = `Usage: npm run kafka -- [options]

Runs a real Apache Kafka on loopback until Ctrl-C. Needs Java 17 and, the first time, Maven; with --secure also openssl.

  --port <port>   of the first node, default 9092; the others take the ports after it
  --nodes <1|3>   default 1; three keep three copies of every topic
  --secure        also listen with TLS: for logins (PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER) and for client
                  certificates, on the ports after the plain ones; says with what
  --acls          with --secure: who comes over TLS may do only what an ACL allows; the plain port may do everything
  --dir <path>    keep the data here; without, they are removed at the end
  --json          say where and with what to connect as one JSON object on stdout
  --help
`

const DAY_S = 86_400

async function main() {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '9092' },
      nodes: { type: 'string', default: '1' },
      secure: { type: 'boolean', default: false },
      acls: { type: 'boolean', default: false },
      dir: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(help)
    return
  }
  const { dir, secure, acls } = values
  if (acls && !secure) throw new Error('--acls goes with --secure: the plain port may do everything')
  const port = Number(values.port)
  if (!Number.isInteger(port) || port < 1 || port > 65_000) {
    throw new Error(`--port is a number from 1 to 65000, not ${values.port}`)
  }
  const nodes = Number(values.nodes)
  // A signal ends it in order, also while it is only starting: nothing is left over.
  const signalled = Promise.race(['SIGINT', 'SIGTERM'].map((signal) => once(process, signal)))
  const kafka = await startKafka({ port, nodes, secure, acls, ...(dir === undefined ? {} : { dir }) })
  void signalled.then(() => kafka.stop())
  process.stderr.write(
    `Kafka answers on ${kafka.brokers}; Ctrl-C ends it\n${secure ? logins(kafka.secure) : ''}`,
  )
  if (values.json) {
    process.stdout.write(
      `${JSON.stringify({ brokers: kafka.brokers, ...(secure ? { secure: kafka.secure } : {}) })}\n`,
    )
  }
  await Promise.all(kafka.nodes.map(({ ended }) => ended))
}

function logins({ sasl, ssl, ca, cert, key, users, password }) {
  const names = ['plain', 'scram-sha-256', 'scram-sha-512'].map((how) => `${how}: ${users[how]}`)
  return `  with a login       ${sasl}
    ${names.join(', ')}; password ${password}
    oauthbearer: ${unsecuredToken(users.oauthbearer, DAY_S)}
  with a certificate ${ssl}
    ${cert}, ${key}
  authority          ${ca}
`
}

try {
  await main()
} catch (error) {
  process.stderr.write(`kafka: ${error.message}\n`)
  process.exitCode = 1
}
