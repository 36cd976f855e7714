import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { run } from '../setup/run.mjs'
import { kafkaJars } from './jars.mjs'

const START_LIMIT_MS = 60_000
const STOP_LIMIT_MS = 15_000

/**
 * A real Kafka broker on loopback: one node that is broker and controller. It ends with this process, however that ends.
 * @param {{port?: number, dir?: string}} options a free port, and a folder that is removed afterwards, where not given
 * @returns {Promise<{brokers: string, pid: number, ended: Promise<void>, stop(): Promise<void>, kill(): Promise<void>}>}
 */
export async function startKafka({ port, dir } = {}) {
  const jars = await kafkaJars()
  const home = dir === undefined ? await mkdtemp(join(tmpdir(), 'tidecast-kafka-')) : resolve(dir)
  const removeHome = async () => {
    if (dir === undefined) await rm(home, { recursive: true, force: true, maxRetries: 5 })
  }
  try {
    const broker = port ?? (await freePort())
    const properties = await configure(home, broker)
    const child = await launch(jars, home, properties, broker)
    const ended = once(child, 'exit').then(removeHome)
    const end = async (signal) => {
      child.kill(signal)
      const killing = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS)
      await ended
      clearTimeout(killing)
    }
    return {
      brokers: `127.0.0.1:${broker}`,
      pid: child.pid,
      ended,
      stop: () => end('SIGTERM'),
      kill: () => end('SIGKILL'),
    }
  } catch (error) {
    await removeHome()
    throw error
  }
}

async function configure(home, port) {
  await mkdir(home, { recursive: true })
  const controller = await freePort()
  const properties = join(home, 'server.properties')
  const settings = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${controller}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': join(home, 'logs'),
    'group.initial.rebalance.delay.ms': 0,
    'offsets.topic.num.partitions': 8,
    'offsets.topic.replication.factor': 1,
    'transaction.state.log.num.partitions': 8,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'auto.create.topics.enable': false,
  }
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`)
  await writeFile(properties, lines.join(''))
  await writeFile(join(home, 'log4j2.properties'), 'rootLogger.level=error\n')
  return properties
}

async function launch(jars, home, properties, port) {
  const java = [
    '-Xmx512m',
    '-XX:TieredStopAtLevel=1',
    `-Dlog4j2.configurationFile=${join(home, 'log4j2.properties')}`,
  ]
  const classpath = ['-cp', join(jars, '*')]
  if (!existsSync(join(home, 'logs', 'meta.properties'))) {
    // With the sign: one id in 64 starts with a dash, and would be read as an option.
    const id = randomBytes(16).toString('base64url')
    const format = ['kafka.tools.StorageTool', 'format', `--cluster-id=${id}`, '-c', properties]
    const outcome = await run('java', [...java, ...classpath, ...format], { timeoutMs: START_LIMIT_MS })
    if (!outcome.ok) throw new Error(`the storage of Kafka could not be formatted: ${outcome.reason}`)
  }
  // A group of its own: Ctrl-C is for whoever started it to answer, and to order the ends.
  const child = spawn('java', [...java, ...classpath, 'kafka.Kafka', properties], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => (output = (output + text).slice(-4000)))
  }
  await Promise.race([
    once(child, 'spawn'),
    once(child, 'error').then(([error]) => {
      throw error
    }),
  ])
  watch(child)
  await answering(child, port, () => output)
  return child
}

/** Ends the broker when this process is gone without having ended it: the pipe breaks, whatever the reason. */
function watch(child) {
  const watcher = spawn('sh', ['-c', `cat > /dev/null; kill -9 ${child.pid} 2> /dev/null`], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  watcher.unref()
  watcher.stdin.unref?.()
  child.once('exit', () => watcher.kill('SIGKILL'))
}

async function answering(child, port, output) {
  const deadline = Date.now() + START_LIMIT_MS
  for (;;) {
    if (child.exitCode !== null) throw new Error(`Kafka ended with code ${child.exitCode}: ${output()}`)
    if (await accepts(port)) return
    if (Date.now() > deadline) {
      child.kill('SIGKILL')
      throw new Error(`Kafka did not answer within ${START_LIMIT_MS / 1000} s: ${output()}`)
    }
    await pause(100)
  }
}

/** The listener opens before the broker is ready, so it is asked something: its API versions. */
function accepts(port) {
  return new Promise((resolve) => {
    const request = Buffer.from('0000000a00120000000000000000', 'hex')
    const connection = connect(port, '127.0.0.1', () => connection.write(request))
    const done = (answer) => {
      connection.destroy()
      resolve(answer)
    }
    connection.setTimeout(2000, () => done(false))
    connection.once('data', () => done(true))
    connection.once('error', () => done(false))
    connection.once('close', () => done(false))
  })
}

async function freePort() {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}
