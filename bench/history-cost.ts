import { BASELINE, networkModel } from '../src/pipeline/active-model.js'
import { Partition } from '../src/pipeline/partition.js'
import { PartitionStates } from '../src/pipeline/partition-states.js'
import type { LogRecord, StoredStates } from '../src/ports/broker.js'
import { systemClock } from '../src/ports/clock.js'
import type { Figure } from './figure.js'
import { Workbench } from './workbench.js'

const TIMED = 3000
const CHUNK = 4096
const HOUR = 3_600_000

const NOTHING: StoredStates = {
  meta: () => Promise.resolve(null),
  count: () => Promise.resolve(0),
  async *load() {},
  get: () => null,
}

/** What an observation costs after a short and after a long history of its series: the carried state makes it the same. */
export async function benchHistoryCost(histories: readonly number[] = [1_000, 1_000_000]): Promise<Figure[]> {
  const bench = await Workbench.open()
  try {
    const config = Workbench.config({ interval: '1h', season: [24, 168], horizon: 24 })
    await bench.pinModel(config)
    const stored = bench.broker.models.get(config.name, 1)!
    const network = await bench.engine.load(stored.spec, stored.weights)
    const figures: Figure[] = []
    for (const history of histories) {
      const states = new PartitionStates(config, NOTHING, BASELINE)
      const partition = new Partition(config, states, BASELINE, 0, systemClock)
      for (let from = 0; from < history; from += CHUNK) {
        await partition.advance(records(from, Math.min(CHUNK, history - from)), false)
      }
      await partition.swap(networkModel(1, network, -Infinity))
      await partition.advance(records(history, 200), true)
      const started = performance.now()
      await partition.advance(records(history + 200, TIMED), true)
      const micros = ((performance.now() - started) * 1000) / TIMED
      figures.push({ name: `observation after ${String(history)} of its series`, value: micros, unit: 'µs' })
    }
    return figures
  } finally {
    await bench.close()
  }
}

function records(from: number, count: number): LogRecord[] {
  return Array.from({ length: count }, (_, i) => {
    const n = from + i
    const value = 100 + 20 * Math.sin((n / 24) * 2 * Math.PI) + (n % 7)
    return {
      offset: n,
      timestamp: n * HOUR,
      key: Buffer.from('one'),
      value: Buffer.from(`{"ts":${String(n * HOUR)},"value":${value.toFixed(3)}}`),
    }
  })
}
