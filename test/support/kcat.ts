import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { unlessAvailable } from './requirement.js'

/** For a test's `skip`: kcat is a Kafka client made of another library, librdkafka (Debian: apt-get install kcat). */
export const withoutKcat = unlessAvailable(isThere(), 'kcat (apt-get install kcat)')

function isThere(): boolean {
  try {
    execFileSync('kcat', ['-V'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

export interface ForeignRecord {
  readonly partition: number
  readonly key: string
  readonly value: string
}

/** All that kcat sees of a topic, read_committed, up to its present end; per partition in order. Values of one line. */
export async function* kcatRead(brokers: string, topic: string): AsyncGenerator<ForeignRecord> {
  const options = [
    '-X',
    'isolation.level=read_committed',
    '-o',
    'beginning',
    '-e',
    '-q',
    '-f',
    '%p\t%k\t%s\n',
  ]
  const child = spawn('kcat', ['-C', '-b', brokers, '-t', topic, ...options], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = once(child, 'exit')
  let complaints = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text))
  for await (const line of createInterface({ input: child.stdout })) {
    const [partition = '', key = '', value = ''] = line.split('\t')
    yield { partition: Number(partition), key, value }
  }
  const [code] = (await ended) as [number | null]
  if (code !== 0) throw new Error(`kcat ended with ${String(code)}: ${complaints}`)
}

/** Sends `key:value` lines, as a person would, packed with `codec`. */
export async function kcatWrite(
  brokers: string,
  topic: string,
  lines: readonly string[],
  codec = 'none',
): Promise<void> {
  const child = spawn('kcat', ['-P', '-b', brokers, '-t', topic, '-K', ':', '-z', codec], {
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  const ended = once(child, 'exit')
  let complaints = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text))
  child.stdin.end(lines.map((line) => `${line}\n`).join(''))
  const [code] = (await ended) as [number | null]
  if (code !== 0) throw new Error(`kcat ended with ${String(code)}: ${complaints}`)
}
