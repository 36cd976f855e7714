import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { run } from '../setup/run.mjs'

const START_LIMIT_MS = 60_000
const STOP_LIMIT_MS = 15_000

/** One node of a cluster, broker and controller in one Java process, which ends with this one, however that ends. */
export class KafkaNode {
  #child

  /**
   * @param {{jars: string, home: string, port: number, settings: object, clusterId: string, heapMiB: number,
   *   format?: string[]}} options `port`: that of the plaintext listener; `format`: more options for the storage
   */
  constructor(options) {
    this.options = options
    this.address = `127.0.0.1:${options.port}`
  }

  get pid() {
    return this.#child.pid
  }

  /** Resolves when the process is gone. */
  get ended() {
    const child = this.#child
    return child.exitCode !== null || child.signalCode !== null ? Promise.resolve() : once(child, 'exit')
  }

  /** Starts it, also anew after an end, on the data it had. Does not wait for an answer. */
  async launch() {
    const { home, settings, heapMiB, jars, clusterId, format = [] } = this.options
    await mkdir(home, { recursive: true })
    const properties = join(home, 'server.properties')
    const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`)
    await writeFile(properties, lines.join(''), { mode: 0o600 })
    await writeFile(join(home, 'log4j2.properties'), 'rootLogger.level=error\n')
    const java = [`-Xmx${heapMiB}m`, '-XX:TieredStopAtLevel=1']
    java.push(`-Dlog4j2.configurationFile=${join(home, 'log4j2.properties')}`, '-cp', join(jars, '*'))
    if (!existsSync(join(home, 'logs', 'meta.properties'))) {
      // With the sign: one id in 64 starts with a dash, and would be read as an option.
      const tool = ['kafka.tools.StorageTool', 'format', `--cluster-id=${clusterId}`, '-c', properties]
      const outcome = await run('java', [...java, ...tool, ...format], { timeoutMs: START_LIMIT_MS })
      if (!outcome.ok) throw new Error(`the storage of Kafka could not be formatted: ${outcome.reason}`)
    }
    // A group of its own: Ctrl-C is for whoever started it to answer, and to order the ends.
    const child = spawn('java', [...java, 'kafka.Kafka', properties], {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child = child
    this.output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => (this.output = (this.output + text).slice(-4000)))
    }
    await Promise.race([
      once(child, 'spawn'),
      once(child, 'error').then(([error]) => {
        throw error
      }),
    ])
    watch(child)
  }

  /** Until it answers. */
  async answering() {
    const deadline = Date.now() + START_LIMIT_MS
    while (!(await accepts(this.options.port))) {
      const { exitCode } = this.#child
      if (exitCode !== null) throw new Error(`Kafka ended with code ${exitCode}: ${this.output}`)
      if (Date.now() > deadline) {
        throw new Error(`Kafka did not answer within ${START_LIMIT_MS / 1000} s: ${this.output}`)
      }
      await pause(100)
    }
  }

  async start() {
    await this.launch()
    await this.answering()
  }

  stop() {
    return this.#end('SIGTERM')
  }

  kill() {
    return this.#end('SIGKILL')
  }

  async #end(signal) {
    const child = this.#child
    if (child === undefined) return
    const { ended } = this
    child.kill(signal)
    const killing = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS)
    await ended
    clearTimeout(killing)
  }
}

/** Ends the node when this process is gone without having ended it: the pipe breaks, whatever the reason. */
function watch(child) {
  const watcher = spawn('sh', ['-c', `cat > /dev/null; kill -9 ${child.pid} 2> /dev/null`], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  watcher.unref()
  watcher.stdin.unref?.()
  child.once('exit', () => watcher.kill('SIGKILL'))
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
