import type { PipelineConfig } from '../../config/types.js'
import { consumerGroup } from '../../core/consumer-group.js'
import type { Forecast } from '../../core/forecast/format.js'
import type { CellKind } from '../../core/network-spec.js'
import type { BrokerPlace } from '../../ports/broker-place.js'
import type { LiveAccuracy } from '../../ports/control.js'
import type { SchemaRegistry } from '../../ports/schema-registry.js'
import { consumedBy, type OpenBroker } from '../broker.js'
import { forecastFromOutput } from '../output-forecast.js'

export interface Inspection {
  readonly pipeline: string
  /** Version of the network in use; `null` while the baseline forecasts. */
  readonly champion: number | null
  /** Of the champion. */
  readonly cell: CellKind | null
  readonly topics: readonly TopicInspection[]
  /** `null` where no series was asked for, or none of its forecasts is among the newest. */
  readonly forecast: Forecast | null
  /** Rolling scores of what was published of the series, by horizon; `null` where no daemon is at work on it. */
  readonly accuracy: LiveAccuracy['horizons'] | null
}

export interface TopicInspection {
  readonly name: string
  readonly role: 'input' | 'output' | 'dead letters' | 'anomalies'
  /** `null`: it does not exist yet. */
  readonly partitions: readonly PartitionInspection[] | null
}

export interface PartitionInspection {
  readonly earliest: number
  readonly end: number
  /** Of the input: next offset that the pipeline will consume, `null` where it has settled nothing. */
  readonly committed?: number | null
}

export async function inspect(
  broker: OpenBroker,
  place: BrokerPlace,
  config: PipelineConfig,
  registry: SchemaRegistry | null,
  series: string | undefined,
  origin?: number,
): Promise<Inspection> {
  const { name, topic, output, deadLetter, anomalies } = config
  const champion = broker.models.champion(name)
  const input = await broker.describe(topic)
  // The group that the pipeline consumes in.
  const committed = input === null ? [] : await consumedBy(broker, place, consumerGroup(name), topic)
  const partitions = input?.map((info, i) => ({ ...info, committed: committed[i] ?? null })) ?? null
  const forecast =
    series === undefined ? null : await forecastFromOutput(broker, config, registry, series, origin)
  return {
    pipeline: name,
    champion,
    cell: broker.models.list(name).find(({ version }) => version === champion)?.spec.cell ?? null,
    topics: [
      { name: topic, role: 'input', partitions },
      { name: output, role: 'output', partitions: await broker.describe(output) },
      { name: deadLetter, role: 'dead letters', partitions: await broker.describe(deadLetter) },
      ...(anomalies.topic === null
        ? []
        : [
            {
              name: anomalies.topic,
              role: 'anomalies' as const,
              partitions: await broker.describe(anomalies.topic),
            },
          ]),
    ],
    forecast,
    accuracy: null,
  }
}
