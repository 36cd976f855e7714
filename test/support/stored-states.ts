import type { PipelineConfig } from '../../src/config/types.js'
import { consumerGroup } from '../../src/core/consumer-group.js'
import { F64, StateLayout } from '../../src/core/layout.js'
import { stateSize } from '../../src/core/network-spec.js'
import { RowCodec } from '../../src/core/row-codec.js'
import { SeriesTable } from '../../src/core/series-table.js'
import type { Broker } from '../../src/ports/broker.js'
import { join } from '../contract/broker-helpers.js'

/** A series' state as a snapshot holds it. */
export interface StoredState {
  readonly model: string
  readonly hidden: Float32Array
  /** The Float64 part; `F64` names its places. */
  readonly wide: Float64Array
  /** The Float32 part, as in `StateLayout`, and what of it is the ring. */
  readonly narrow: Float32Array
  readonly ring: Float32Array
  /** Unit of the published figures. */
  readonly scale: number
}

export interface StoredPipeline {
  readonly states: Map<string, StoredState>
  /** Records consumed, over all partitions. */
  readonly consumed: number
  /** The partitions' own states, where they have one. */
  readonly metas: readonly Uint8Array[]
}

/** Joins the pipeline's group and waits until it owns every partition. */
export async function joinAll(
  broker: Broker,
  config: PipelineConfig,
): Promise<Pick<Awaited<ReturnType<typeof join>>, 'leases' | 'consumption'>> {
  const count = (await broker.describe(config.topic))?.length ?? 0
  return join(broker, config.topic, consumerGroup(config.name), count)
}

/** What a pipeline has left in the log that nobody else holds now. */
export async function storedStates(broker: Broker, config: PipelineConfig): Promise<StoredPipeline> {
  const { leases, consumption } = await joinAll(broker, config)
  const layout = new StateLayout(config)
  const hiddenSize = stateSize(config.model)
  const states = new Map<string, StoredState>()
  const metas: Uint8Array[] = []
  for (const lease of leases) {
    const meta = await lease.states.meta()
    if (meta !== null) metas.push(meta)
    for await (const rows of lease.states.load()) {
      for (const { series, model, bytes } of rows) {
        const table = new SeriesTable(layout, 1)
        const hidden = new Float32Array(hiddenSize)
        if (!new RowCodec(table, hiddenSize).read(0, hidden, bytes))
          throw new Error(`${series}: another layout`)
        const ring = table.f32.slice(0, layout.ringSize)
        states.set(series, { model, hidden, wide: table.f64, narrow: table.f32, ring, scale: table.scale(0) })
      }
    }
  }
  const consumed = leases.reduce((sum, { committed }) => sum + committed, 0)
  await consumption.close()
  return { states, consumed, metas }
}

/** Moments and counters that two runs over the same records must agree in. */
export const COMPARED = [
  F64.index,
  F64.ts,
  F64.count,
  F64.mean,
  F64.spread,
  F64.meanAbs,
  F64.naiveError,
  F64.due,
]
