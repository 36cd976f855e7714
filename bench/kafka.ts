import { parseArgs } from 'node:util'
import type { Figure } from './figure.js'
import { SERIES, startKafka, type RealKafka } from './kafka/bed.js'
import { benchCatchUp } from './kafka/catch-up.js'
import { benchLatency } from './kafka/latency.js'
import { benchScaling } from './kafka/scaling.js'
import { benchThroughput } from './kafka/throughput.js'

const HELP = `usage: npm run bench -- kafka [PART…] [options]

Measures what stands between Kafka and Kafka, on a real one that is started for it, on the cores that all of it shares:
1,000 series, 4 partitions, GRU 2 × 64, forecasts of 24 × 3 quantiles as JSON.

  throughput   one process, exactly once, and its main thread's time by stage; beside it the same job in Python
  latency      at 2,000 records/s, exactly once and at least once
  scaling      two processes on a core each against one; 1, 2 and 4 processes that pause for each record
  catch-up     from the earliest offset, then live: rate, memory, pauses; with --soak it goes on

options:
  --records N   observations for throughput and scaling (200000), rounded to ${String(SERIES)}
  --backlog N   observations to catch up with (1000000)
  --seconds N   for which each latency is measured (20)
  --soak TIME   half of the rate of catch-up for so long: 90s, 20m, 2h
  --json        one JSON line per figure instead of a table
  --help

All parts take about 5 minutes on 2 idle cores, and the time of the soak.
`

const PARTS = ['throughput', 'latency', 'scaling', 'catch-up'] as const
const UNITS = { s: 1000, m: 60_000, h: 3_600_000 } as const

interface Sizes {
  /** Observations of each series. */
  readonly perSeries: number
  readonly backlogPerSeries: number
  readonly latencySeconds: number
  readonly soakMs: number
}

type Part = (typeof PARTS)[number]

export interface KafkaBench extends Sizes {
  readonly parts: readonly Part[]
  readonly json: boolean
}

/** What the arguments ask for; `null`: nothing but the help text. Throws what is wrong with them. */
export function kafkaBench(args: readonly string[]): KafkaBench | null {
  const text = (value: string): { readonly type: 'string'; readonly default: string } => ({
    type: 'string',
    default: value,
  })
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      records: text('200000'),
      backlog: text('1000000'),
      seconds: text('20'),
      soak: text('0s'),
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(HELP)
    return null
  }
  const unknown = positionals.find((name) => !PARTS.includes(name as Part))
  if (unknown !== undefined) throw new RangeError(`${unknown} is not a part: they are ${PARTS.join(', ')}`)
  const soakMs = duration(values.soak)
  const parts = positionals.length === 0 ? PARTS : (positionals as Part[])
  if (soakMs > 0 && !parts.includes('catch-up'))
    throw new RangeError('--soak goes on from catch-up: name it too')
  return {
    perSeries: Math.ceil(count('records', values.records) / SERIES),
    backlogPerSeries: Math.ceil(count('backlog', values.backlog) / SERIES),
    latencySeconds: count('seconds', values.seconds),
    soakMs,
    parts,
    json: values.json,
  }
}

export async function benchKafka({ parts, ...sizes }: KafkaBench): Promise<Figure[]> {
  const kafka = await startKafka()
  try {
    const figures: Figure[] = []
    for (const part of parts) {
      process.stderr.write(`kafka: ${part} …\n`)
      figures.push(...(await run(part, kafka, sizes)))
    }
    return figures
  } finally {
    await kafka.stop()
  }
}

async function run(part: Part, kafka: RealKafka, sizes: Sizes): Promise<Figure[]> {
  switch (part) {
    case 'throughput':
      return benchThroughput(kafka, sizes.perSeries)
    case 'latency':
      return [
        ...(await benchLatency(kafka, 'exactly-once', sizes.latencySeconds)),
        ...(await benchLatency(kafka, 'at-least-once', sizes.latencySeconds)),
      ]
    case 'scaling':
      return benchScaling(kafka, sizes.perSeries)
    case 'catch-up':
      return benchCatchUp(kafka, sizes.backlogPerSeries, sizes.soakMs)
  }
}

function count(name: string, given: string): number {
  const value = Number(given)
  if (Number.isSafeInteger(value) && value > 0) return value
  throw new RangeError(`--${name} is a whole number above 0, not ${given}`)
}

function duration(given: string): number {
  const [, amount, unit] = /^(\d+)([smh])$/.exec(given) ?? []
  if (amount === undefined) throw new RangeError(`--soak is a time as 90s, 20m or 2h, not ${given}`)
  return Number(amount) * UNITS[unit as keyof typeof UNITS]
}
