import { setTimeout as pause } from 'node:timers/promises'
import type { Figure } from '../figure.js'
import { between, sampled, type Sample } from './catch-up.js'
import type { BenchDaemon } from './daemon.js'
import type { Helper } from './helper.js'

/** Left out of the figures: buffers and code find their size. */
const WARM_UP_SHARE = 0.25
const LONGEST_WARM_UP_MS = 5 * 60_000
const SAMPLE_MS = 1000
const NOTE_MS = 60_000
const MIB = 2 ** 20
/** The heap rises and falls with each collection: its floor in each of so many stretches shows whether it grows. */
const STRETCHES = 20

/** A steady rate for a long time: memory, lag. */
export async function soak(daemon: BenchDaemon, feeder: Helper, rate: number, ms: number): Promise<Figure[]> {
  feeder.tell(String(Math.round(rate)))
  const started = performance.now()
  const measuredFrom = started + Math.min(WARM_UP_SHARE * ms, LONGEST_WARM_UP_MS)
  const samples: Sample[] = []
  for (let noted = -Infinity; ;) {
    const sample = await sampled(daemon)
    const { at, lag, residentBytes } = sample
    if (at >= measuredFrom) samples.push(sample)
    if (at - noted >= NOTE_MS) {
      const minutes = ((at - started) / 60_000).toFixed(1)
      const memory = (residentBytes / MIB).toFixed(0)
      process.stderr.write(`  soak, ${minutes} min: ${String(lag)} records behind, ${memory} MiB\n`)
      noted = at
    }
    if (at - started >= ms) break
    await pause(SAMPLE_MS)
  }
  const first = samples[0]!
  const last = samples.at(-1)!
  const name = `kafka: soak of ${(ms / 60_000).toFixed(1)} min`
  return [
    { name: `${name}, rate`, value: between(first, last), unit: 'records/s' },
    { name: `${name}, greatest lag`, value: Math.max(...samples.map(({ lag }) => lag)), unit: 'records' },
    { name: `${name}, memory`, value: last.residentBytes / MIB, unit: 'MiB' },
    { name: `${name}, memory grows by`, value: growth(samples, 'residentBytes'), unit: '%/h' },
    { name: `${name}, heap grows by`, value: growth(samples, 'heapBytes'), unit: '%/h' },
  ]
}

/** Slope of the least-squares line through the floors, in per cent of their mean per hour. */
function growth(samples: readonly Sample[], of: 'residentBytes' | 'heapBytes'): number {
  const length = Math.ceil(samples.length / STRETCHES)
  const floors: Sample[] = []
  for (let i = 0; i < samples.length; i += length) {
    const stretch = samples.slice(i, i + length)
    floors.push(stretch.reduce((low, sample) => (sample[of] < low[of] ? sample : low)))
  }
  const hours = floors.map(({ at }) => at / 3_600_000)
  const bytes = floors.map((sample) => sample[of])
  const [t, b] = [mean(hours), mean(bytes)]
  const covariance = mean(hours.map((hour, i) => (hour - t) * (bytes[i]! - b)))
  const variance = mean(hours.map((hour) => (hour - t) ** 2))
  return (100 * covariance) / variance / b
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
