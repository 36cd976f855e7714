import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEmbeddedBroker } from '../../../src/adapters/embedded/embedded-broker.js'
import type { EmbeddedBroker, EmbeddedBrokerOptions } from '../../../src/adapters/embedded/embedded-broker.js'
import { systemClock } from '../../../src/ports/clock.js'

export async function temporaryDirectory(prefix = 'tidecast-log-'): Promise<string> {
  return mkdtemp(join(tmpdir(), prefix))
}

export function openLog(dir: string, options: Partial<EmbeddedBrokerOptions> = {}): Promise<EmbeddedBroker> {
  return openEmbeddedBroker({
    dir,
    mapSizeBytes: 64 * 2 ** 20,
    clock: systemClock,
    pid: process.pid,
    ...options,
  })
}

/** Runs `use` with a log of its own, which is removed afterwards. */
export async function withLog(
  use: (broker: EmbeddedBroker, dir: string) => Promise<void>,
  options: Partial<EmbeddedBrokerOptions> = {},
): Promise<void> {
  const dir = await temporaryDirectory()
  const broker = await openLog(dir, options)
  try {
    await use(broker, dir)
  } finally {
    await broker.close()
    await rm(dir, { recursive: true })
  }
}

/** A clock that is moved by hand. */
export function manualClock(start: number): { now(): number; advance(ms: number): void } {
  let time = start
  return { now: () => time, advance: (ms) => void (time += ms) }
}
