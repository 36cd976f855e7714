import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import { Command } from 'commander'
import { openEmbeddedBroker, type EmbeddedBroker } from '../../../src/adapters/embedded/embedded-broker.js'
import type { CliContext } from '../../../src/cli/context.js'
import { registerReplay } from '../../../src/cli/replay.js'
import { systemTimer, type Timer } from '../../../src/cli/replay/pacer.js'
import { systemClock } from '../../../src/ports/clock.js'

export interface Outcome {
  readonly code: number
  readonly out: string
  readonly err: string
  /** What the composition root would print, with exit code 1. */
  readonly error: Error | null
}

export interface RunOptions {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

/** Carries out one command line as the program would. */
export async function runCommand(
  register: (program: Command, context: CliContext) => void,
  argv: readonly string[],
  { cwd, env = {}, signal = new AbortController().signal }: RunOptions,
): Promise<Outcome> {
  const stdout = new PassThrough()
  const stderr = new PassThrough()
  let code = 0
  let error: Error | null = null
  const program = new Command().exitOverride().configureOutput({ writeErr: () => undefined })
  const exit = (given: number): void => void (code = given)
  register(program, {
    env,
    cwd,
    args: argv,
    stdout,
    stderr,
    isTTY: false,
    pid: 1,
    version: 'test',
    exit,
    signal,
  })
  try {
    await program.parseAsync(argv, { from: 'user' })
  } catch (thrown) {
    error = thrown as Error
    code = 1
  }
  stdout.end()
  stderr.end()
  return { code, out: await text(stdout), err: await text(stderr), error }
}

/** A directory with a configuration of one pipeline on topic `t`, removed after the test. */
export function workspace(t: TestContext, pipeline = '{}'): string {
  const dir = mkdtempSync(join(tmpdir(), 'tidecast-replay-'))
  t.after(() => rmSync(dir, { recursive: true }))
  const broker = `{ embedded: { mapSize: '64MiB', retentionBytes: 0 } }`
  writeFileSync(join(dir, 'tidecast.json5'), `{ broker: ${broker}, pipelines: { t: ${pipeline} } }`)
  return dir
}

export function replayCommand(
  argv: readonly string[],
  options: RunOptions,
  timer: Timer = systemTimer,
): Promise<Outcome> {
  return runCommand(
    (program, context) => registerReplay(program, context, timer),
    ['replay', ...argv],
    options,
  )
}

/** Rows of two series in turn, as the records that they are to become. */
export function sampleRows(count: number): { csv: string; ndjson: string; records: readonly string[] } {
  const rows = Array.from({ length: count }, (_, i) => ({
    series: `s${i % 2}`,
    ts: 60_000 * i,
    value: i / 4,
  }))
  return {
    csv: `series,ts,value\n${rows.map(({ series, ts, value }) => `${series},${ts},${value}\n`).join('')}`,
    ndjson: rows.map((row) => `${JSON.stringify(row)}\n`).join(''),
    records: rows.map(({ series, ts, value }) => `${series} {"ts":${ts},"value":${value}}`),
  }
}

/** A timer whose time passes only by sleeping. */
export function sleepingTimer(
  onSleep: (ms: number) => void = () => undefined,
): Timer & { readonly slept: number[] } {
  let time = 0
  const slept: number[] = []
  return {
    slept,
    now: () => time,
    sleep: async (ms) => {
      time += ms
      slept.push(ms)
      onSleep(ms)
    },
  }
}

export function openLog(cwd: string, readOnly = false): Promise<EmbeddedBroker> {
  const dir = join(cwd, 'data', 'log')
  return openEmbeddedBroker({ dir, mapSizeBytes: 64 * 2 ** 20, clock: systemClock, pid: 1, readOnly })
}

/** Every record of a topic as `key value`, in order; of all partitions one after the other. */
export async function recordsOf(broker: EmbeddedBroker, topic = 't'): Promise<string[]> {
  const records: string[] = []
  for (const partition of ((await broker.describe(topic)) ?? []).keys()) {
    for await (const chunk of broker.read(topic, partition, {})) {
      for (const { key, value } of chunk) {
        records.push(`${Buffer.from(key ?? []).toString()} ${Buffer.from(value ?? []).toString()}`)
      }
    }
  }
  return records
}

export async function storedRecords(cwd: string, topic = 't'): Promise<string[]> {
  const broker = await openLog(cwd, true)
  try {
    return await recordsOf(broker, topic)
  } finally {
    await broker.close()
  }
}
