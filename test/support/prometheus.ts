import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { delimiter, join } from 'node:path'
import process from 'node:process'
import { setTimeout as pause } from 'node:timers/promises'
import { stringify } from 'yaml'
import { unlessAvailable } from './requirement.js'

/** For a test's `skip` option. */
export const WITHOUT_PROMETHEUS = unlessAvailable(
  ['promtool', 'prometheus'].every(onPath),
  'Prometheus and promtool (Debian: prometheus)',
)

function onPath(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)))
}

export interface Said {
  readonly code: number | null
  /** stdout and stderr. */
  readonly text: string
}

/** What promtool says. @param input for its stdin */
export async function promtool(args: readonly string[], input = ''): Promise<Said> {
  const child = spawn('promtool', args)
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (part: string) => (text += part))
  }
  child.stdin.end(input)
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, text }
}

export interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** A real Prometheus with data of its own, which scrapes and evaluates once a second. */
export class Prometheus {
  #text = ''

  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
    private readonly ended: Promise<unknown>,
  ) {}

  /**
   * @param folder for its configuration and data
   * @param target address that answers /metrics
   * @param rules as in a rule file
   */
  static async start(folder: string, target: string, rules: string): Promise<Prometheus> {
    const config = {
      global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
      rule_files: ['rules.yml'],
      scrape_configs: [{ job_name: 'tidecast', static_configs: [{ targets: [new URL(target).host] }] }],
    }
    await writeFile(join(folder, 'prometheus.yml'), stringify(config))
    await writeFile(join(folder, 'rules.yml'), rules)
    const address = `127.0.0.1:${await freePort()}`
    const child = spawn(
      'prometheus',
      [
        `--config.file=${join(folder, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=${address}`,
        '--log.level=warn',
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    )
    const prometheus = new Prometheus(child, `http://${address}`, once(child, 'exit'))
    child.stderr.setEncoding('utf8').on('data', (part: string) => (prometheus.#text += part))
    await prometheus.until(async () => {
      if (child.exitCode !== null) throw new Error(`Prometheus has ended: ${prometheus.#text}`)
      return (await fetch(`${prometheus.url}/-/ready`).catch(() => null))?.ok === true
    }, 'Prometheus is ready')
    return prometheus
  }

  /** An instant query. */
  async query(expr: string): Promise<readonly Sample[]> {
    const url = `${this.url}/api/v1/query?query=${encodeURIComponent(expr)}`
    const answer = (await (await fetch(url)).json()) as QueryAnswer
    if (answer.status !== 'success') throw new Error(`${expr}: ${answer.error ?? ''}`)
    const { resultType, result } = answer.data
    if (resultType !== 'vector') throw new Error(`${expr} is a ${resultType}`)
    return result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }))
  }

  /** Asks again and again, a few times a second. */
  async until(check: () => Promise<boolean>, what: string, timeoutMs = 120_000): Promise<void> {
    const deadline = Date.now() + timeoutMs
    while (!(await check())) {
      if (Date.now() > deadline) throw new Error(`not in ${timeoutMs / 1000} s: ${what}`)
      await pause(200)
    }
  }

  async stop(): Promise<void> {
    this.child.kill('SIGTERM')
    await this.ended
  }
}

interface QueryAnswer {
  readonly status: string
  readonly error?: string
  readonly data: {
    readonly resultType: string
    readonly result: readonly {
      readonly metric: Readonly<Record<string, string>>
      readonly value: readonly [number, string]
    }[]
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
