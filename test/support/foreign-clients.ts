import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { WitnessedRecord } from './kafka-witness.js'
import { unlessAvailable } from './requirement.js'

/** A Kafka client in another language, on librdkafka. Values have one line, and keys no tab or colon. */
export interface ForeignClient {
  /** For a test's `skip`. */
  readonly missing: string | false
  /** @param codec as librdkafka names it */
  write(brokers: string, topic: string, records: readonly WitnessedRecord[], codec?: string): Promise<void>
  /** All that it sees of a topic, read_committed, up to its present end; per partition in order. */
  read(brokers: string, topic: string): AsyncGenerator<WitnessedRecord>
}

/** The command line's: Debian's package kcat. */
export const kcat: ForeignClient = {
  missing: unlessAvailable(works('kcat', ['-V']), 'kcat (apt-get install kcat)'),
  async write(brokers, topic, records, codec = 'none') {
    const lines = records.map(({ key, value }) => `${key}:${value}`)
    await done(linesOf('kcat', ['-P', '-b', brokers, '-t', topic, '-K', ':', '-z', codec], lines))
  },
  async *read(brokers, topic) {
    const options = ['-X', 'isolation.level=read_committed', '-o', 'beginning', '-e', '-q', '-f', '%k\t%s\n']
    yield* recordsOf(linesOf('kcat', ['-C', '-b', brokers, '-t', topic, ...options]))
  },
}

const SCRIPT = fileURLToPath(new URL('../../../test/support/foreign_client.py', import.meta.url))

/** The benchmarks' interpreter, the distribution's, or the one on PATH: the first that has confluent-kafka. */
const interpreter =
  [...ofBenchmarks(), '/usr/bin/python3'].find((path) => works(path, ['-c', 'import confluent_kafka'])) ??
  'python3'

/** Python's: confluent-kafka. */
export const python: ForeignClient = {
  missing: unlessAvailable(
    works(interpreter, ['-c', 'import confluent_kafka']),
    'Python with confluent-kafka (apt-get install python3-confluent-kafka)',
  ),
  async write(brokers, topic, records, codec = 'none') {
    const lines = records.map(({ key, value }) => `${key}\t${value}`)
    await done(linesOf(interpreter, [SCRIPT, 'produce', brokers, topic, codec], lines))
  },
  async *read(brokers, topic) {
    yield* recordsOf(linesOf(interpreter, [SCRIPT, 'consume', brokers, topic]))
  },
}

async function* recordsOf(lines: AsyncIterable<string>): AsyncGenerator<WitnessedRecord> {
  for await (const line of lines) {
    const [key = '', value = ''] = line.split('\t')
    yield { key, value }
  }
}

async function done(lines: AsyncGenerator<string>): Promise<void> {
  while ((await lines.next()).done !== true);
}

/** What a program prints. Throws, with what it complains of, when it fails. */
async function* linesOf(
  program: string,
  args: readonly string[],
  input: readonly string[] = [],
): AsyncGenerator<string> {
  const child = spawn(program, args, { stdio: 'pipe' })
  const ended = once(child, 'exit')
  let complaints = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text))
  child.stdin.end(input.map((line) => `${line}\n`).join(''))
  yield* createInterface({ input: child.stdout })
  const [code] = (await ended) as [number | null]
  if (code !== 0) throw new Error(`${program} ended with ${String(code)}: ${complaints}`)
}

function works(program: string, args: readonly string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** As scripts/python-venv.mjs makes them. */
function ofBenchmarks(): string[] {
  const cache = process.env['TIDECAST_CACHE'] ?? join(process.env['HOME'] ?? '', '.cache', 'tidecast')
  try {
    const folders = readdirSync(cache).filter((name) => name.startsWith('python-'))
    return folders.map((name) => join(cache, name, 'bin', 'python'))
  } catch {
    return []
  }
}
