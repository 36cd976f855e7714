import assert from 'node:assert/strict'
import type { PipelineConfig } from '../../src/config/types.js'
import { BASELINE, networkModel } from '../../src/pipeline/active-model.js'
import { PartitionStates } from '../../src/pipeline/partition-states.js'
import { rewarm } from '../../src/pipeline/rewarm.js'
import type { Broker, StateRow } from '../../src/ports/broker.js'
import type { ModelStore } from '../../src/ports/model-store.js'
import { sharedEngine } from './shared-engine.js'
import { joinAll } from './stored-states.js'

/**
 * Every stored state is that of the version it names: rebuilt from its ring under each version of the store, it lies
 * nearest to that one's. A state is not exactly what its ring gives, since it has seen more, and with other scales.
 * @returns by version, how many states are its own; 0: the baseline's, which has none
 */
export async function assertStatesMatch(
  broker: Broker & { readonly models: ModelStore },
  config: PipelineConfig,
): Promise<Map<number, number>> {
  const rows = await storedRows(broker, config)
  const counts = new Map<number, number>()
  for (const { model } of rows) counts.set(Number(model), (counts.get(Number(model)) ?? 0) + 1)
  const versions = broker.models.list(config.name).map(({ version }) => version)
  const engine = await sharedEngine()
  const nothing = {
    meta: async () => null,
    count: async () => 0,
    load: async function* () {},
    get: () => null,
  }
  const states = new PartitionStates(config, nothing, BASELINE)
  const slots = rows.map((row) => states.admit(row.series, row))
  const width = states.hiddenSize
  const distances = new Map<number, Float64Array>()
  for (const version of versions) {
    const { spec, weights } = broker.models.get(config.name, version)!
    const network = await engine.load(spec, weights)
    const rebuilt = new Float32Array(new SharedArrayBuffer(states.hidden.byteLength))
    await rewarm(states, slots, networkModel(version, network, 0), rebuilt)
    network.release()
    const far = slots.map((slot) => {
      let sum = 0
      for (let i = slot * width; i < (slot + 1) * width; i++) sum += (rebuilt[i]! - states.hidden[i]!) ** 2
      return Math.sqrt(sum / width)
    })
    distances.set(version, Float64Array.from(far))
  }
  rows.forEach(({ series, model }, i) => {
    if (model === '0' || model === '-1') return
    const own = distances.get(Number(model))
    assert.ok(own !== undefined, `${series} names version ${model}, which there is not`)
    for (const [version, other] of distances) {
      assert.ok(
        own[i]! <= other[i]!,
        `the state of ${series} is called ${model}'s (${own[i]!.toFixed(4)}) and is ${version}'s (${other[i]!.toFixed(4)})`,
      )
    }
  })
  return counts
}

async function storedRows(broker: Broker, config: PipelineConfig): Promise<StateRow[]> {
  const { leases, consumption } = await joinAll(broker, config)
  const rows: StateRow[] = []
  for (const lease of leases) for await (const chunk of lease.states.load()) rows.push(...chunk)
  await consumption.close()
  return rows
}
