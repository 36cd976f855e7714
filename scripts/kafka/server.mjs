import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { makeCertificates } from './certificates.mjs'
import { kafkaJars } from './jars.mjs'
import { KafkaNode } from './node.mjs'
import { ACL_SETTINGS, scramUsers, secureSettings, USERS } from './security.mjs'

/**
 * A real Kafka cluster on loopback. It ends with this process, however that ends.
 * @param {{port?: number, dir?: string, nodes?: 1 | 3, secure?: boolean, acls?: boolean, settings?: object}} options
 *   `port`: of the first node, else a free one; `dir`: kept for a later start, else a folder that is removed;
 *   `nodes`: 3 keep three copies of everything; `secure`: listeners with TLS and logins beside the plain one, on ports
 *   after the nodes' plain ones; `acls`: whoever comes over those may do only what an ACL allows; `settings`: more of Kafka's own
 * @returns {Promise<KafkaCluster>} all nodes answer
 */
export async function startKafka({ port, dir, nodes = 1, secure = false, acls = false, settings = {} } = {}) {
  if (nodes !== 1 && nodes !== 3) throw new RangeError(`a cluster here has 1 or 3 nodes, not ${nodes}`)
  const jars = await kafkaJars()
  const home = dir === undefined ? await mkdtemp(join(tmpdir(), 'tidecast-kafka-')) : resolve(dir)
  const cluster = { nodes: [] }
  const removeHome = async () => {
    if (dir === undefined) await rm(home, { recursive: true, force: true, maxRetries: 5 })
  }
  try {
    await mkdir(home, { recursive: true })
    const login = secure ? await prepareLogins(home) : undefined
    const places = await choosePlaces(nodes, port, secure)
    const more = {
      ...(login === undefined ? {} : secureSettings(login, login.password)),
      ...(acls ? ACL_SETTINGS : {}),
      ...settings,
    }
    const clusterId = await idOf(home)
    cluster.nodes = places.map(
      (place, i) =>
        new KafkaNode({
          jars,
          home: nodes === 1 ? home : join(home, `node-${i + 1}`),
          port: place.plain,
          settings: { ...settingsOf(i, places, home, nodes), ...more },
          clusterId,
          heapMiB: nodes === 1 ? 512 : 320,
          ...(login === undefined ? {} : { format: scramUsers(login.password) }),
        }),
    )
    // Together: a controller answers once most of them are there.
    for (const node of cluster.nodes) await node.launch()
    await Promise.all(cluster.nodes.map((node) => node.answering()))
    return new KafkaCluster(cluster.nodes, places, login, removeHome)
  } catch (error) {
    await Promise.all(cluster.nodes.map((node) => node.kill()))
    await removeHome()
    throw error
  }
}

/** A running cluster. Its nodes can be ended and started one by one; `pid` and `ended` are the first one's. */
class KafkaCluster {
  #removeHome

  constructor(nodes, places, login, removeHome) {
    this.nodes = nodes
    this.brokers = nodes.map(({ address }) => address).join(',')
    this.#removeHome = removeHome
    if (login !== undefined) {
      const { ca, cert, key, password } = login
      const at = (listener) => places.map((place) => `127.0.0.1:${place[listener]}`).join(',')
      /** Where to log in, with what. */
      this.secure = { sasl: at('sasl'), ssl: at('ssl'), ca, cert, key, users: USERS, password }
    }
  }

  get pid() {
    return this.nodes[0].pid
  }

  get ended() {
    return this.nodes[0].ended
  }

  stop() {
    return this.#end((node) => node.stop())
  }

  kill() {
    return this.#end((node) => node.kill())
  }

  async #end(end) {
    await Promise.all(this.nodes.map(end))
    await this.#removeHome()
  }
}

async function prepareLogins(home) {
  const files = await makeCertificates(join(home, 'certificates'), USERS.certificate)
  // Kept beside them: users of SCRAM are in the storage since it was formatted.
  const kept = join(home, 'certificates', 'password')
  if (!existsSync(kept)) await writeFile(kept, randomBytes(12).toString('hex'), { mode: 0o600 })
  return { ...files, password: await readFile(kept, 'utf8') }
}

async function choosePlaces(nodes, port, secure) {
  const plain = await ports(nodes, port)
  const after = (index) => (port === undefined ? undefined : port + index * nodes)
  const [sasl, ssl] = secure ? [await ports(nodes, after(1)), await ports(nodes, after(2))] : [[], []]
  const controllers = await ports(nodes)
  return plain.map((first, i) => ({ plain: first, sasl: sasl[i], ssl: ssl[i], controller: controllers[i] }))
}

function settingsOf(index, places, home, nodes) {
  const { plain, sasl, ssl, controller } = places[index]
  const listeners = Object.entries({ PLAINTEXT: plain, SASL_SSL: sasl, SSL: ssl })
    .filter(([, port]) => port !== undefined)
    .map(([name, port]) => `${name}://127.0.0.1:${port}`)
  return {
    'process.roles': 'broker,controller',
    'node.id': index + 1,
    'controller.quorum.voters': places.map((place, i) => `${i + 1}@127.0.0.1:${place.controller}`).join(','),
    listeners: [...listeners, `CONTROLLER://127.0.0.1:${controller}`].join(','),
    'advertised.listeners': listeners.join(','),
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,SSL:SSL,CONTROLLER:PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': join(nodes === 1 ? home : join(home, `node-${index + 1}`), 'logs'),
    'group.initial.rebalance.delay.ms': 0,
    // Half a minute after its start Kafka would delete what has time stamps of years ago, as the demonstration's data have.
    'log.retention.ms': -1,
    'default.replication.factor': nodes,
    'min.insync.replicas': nodes === 1 ? 1 : 2,
    'offsets.topic.num.partitions': 8,
    'offsets.topic.replication.factor': nodes,
    'transaction.state.log.num.partitions': 8,
    'transaction.state.log.replication.factor': nodes,
    'transaction.state.log.min.isr': nodes === 1 ? 1 : 2,
    'auto.create.topics.enable': false,
  }
}

/** Nodes that were started before have an id; all have the same. */
async function idOf(home) {
  const known = [home, join(home, 'node-1')]
    .map((folder) => join(folder, 'logs', 'meta.properties'))
    .find((file) => existsSync(file))
  const found = known === undefined ? null : /^cluster\.id=(.+)$/m.exec(await readFile(known, 'utf8'))
  return found?.[1] ?? randomBytes(16).toString('base64url')
}

/** Ports from `first` on, or free ones; all are held until all are found, so that none is given twice. */
async function ports(count, first) {
  if (first !== undefined) return Array.from({ length: count }, (_, i) => first + i)
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const found = servers.map((server) => server.address().port)
  await Promise.all(servers.map((server) => once(server.close(), 'close')))
  return found
}
