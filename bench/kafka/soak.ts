import { setTimeout as pause } from 'node:timers/promises'
import type { Figure } from '../figure.js'
import { trend } from '../trend.js'
import { between, sampled, type Sample } from './catch-up.js'
import type { BenchDaemon } from './daemon.js'
import type { Helper } from './helper.js'

/** Left out of the figures: buffers and code find their size. */
const WARM_UP_SHARE = 0.25
const LONGEST_WARM_UP_MS = 10 * 60_000
const SAMPLE_MS = 1000
const NOTE_MS = 60_000
const MIB = 2 ** 20
/** Weighed so often while it is measured; each time the least of a few, since what is under way comes and goes. */
const WEIGHINGS = 60
const LOOKS = 8
const LOOK_MS = 100

interface Weighed {
  readonly at: number
  /** After a collection of all garbage. */
  readonly held: number
  readonly own: number
}

/** A steady rate for a long time: memory, lag. */
export async function soak(daemon: BenchDaemon, feeder: Helper, rate: number, ms: number): Promise<Figure[]> {
  feeder.tell(String(Math.round(rate)))
  const started = performance.now()
  const measuredFrom = started + Math.min(WARM_UP_SHARE * ms, LONGEST_WARM_UP_MS)
  const every = (started + ms - measuredFrom) / WEIGHINGS
  const samples: Sample[] = []
  const weighed: Weighed[] = []
  for (let noted = -Infinity; ;) {
    const sample = await sampled(daemon)
    const { at, lag } = sample
    if (at >= measuredFrom) {
      samples.push(sample)
      if (at >= measuredFrom + every * weighed.length) weighed.push(await weigh(daemon))
    }
    if (at - noted >= NOTE_MS) {
      const minutes = ((at - started) / 60_000).toFixed(1)
      const [memory, heap] = [sample.residentBytes, sample.heapBytes].map((bytes) => (bytes / MIB).toFixed(0))
      const last = weighed.at(-1)
      const held = last === undefined ? '' : `, ${(last.held / MIB).toFixed(1)} MiB held`
      process.stderr.write(
        `  soak, ${minutes} min: ${String(lag)} records behind, ${memory!} MiB, heap ${heap!} MiB${held}\n`,
      )
      noted = at
    }
    if (at - started >= ms) break
    await pause(SAMPLE_MS)
  }
  const name = `kafka: soak of ${(ms / 60_000).toFixed(1)} min`
  return [
    { name: `${name}, rate`, value: between(samples[0]!, samples.at(-1)!), unit: 'records/s' },
    { name: `${name}, greatest lag`, value: Math.max(...samples.map(({ lag }) => lag)), unit: 'records' },
    ...growth(`${name}, memory`, weighed, 'own'),
    ...growth(`${name}, held after collection`, weighed, 'held'),
  ]
}

async function weigh(daemon: BenchDaemon): Promise<Weighed> {
  const at = performance.now()
  const looks: { readonly held: number; readonly own: number }[] = []
  for (let i = 0; i < LOOKS; i++) {
    const { heldBytes } = await daemon.weigh()
    looks.push({ held: heldBytes, own: await daemon.ownBytes() })
    await pause(LOOK_MS)
  }
  const least = (of: 'held' | 'own'): number => Math.min(...looks.map((look) => look[of]))
  return { at, held: least('held'), own: least('own') }
}

/** The median, and the slope in per cent of it per hour with its interval. */
function growth(name: string, weighed: readonly Weighed[], of: 'own' | 'held'): Figure[] {
  const bytes = weighed.map((w) => w[of]).sort((a, b) => a - b)
  const median = bytes[bytes.length >> 1]!
  const { slope, low, high } = trend(weighed.map((w) => ({ x: w.at / 3_600_000, y: (100 * w[of]) / median })))
  const figure = (what: string, value: number): Figure => ({ name: `${name} ${what}`, value, unit: '%/h' })
  return [
    { name, value: median / MIB, unit: 'MiB' },
    figure('grows by', slope),
    figure('grows by, low (95 %)', low),
    figure('grows by, high (95 %)', high),
  ]
}
