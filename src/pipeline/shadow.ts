import type { PipelineConfig } from '../config/types.js'
import { DailyScores, type DailyMemory } from '../core/daily-scores.js'
import { Decoder } from '../core/decode.js'
import type { LogRecord } from '../ports/broker.js'
import type { ActiveModel } from './active-model.js'
import type { ToldForecast } from './outlet.js'
import type { Partition } from './partition.js'

/** Series of a partition that are compared: more of them would say the same, and cost more. */
const MOST_SERIES = 64

/** What a snapshot keeps of a shadow. */
export interface ShadowMemory {
  /** Version of the network in the shadow. */
  readonly version: number
  /** Version of what publishes; 0 = the baseline. */
  readonly against: number
  /** Time of the stream (ms) at which it began. */
  readonly since: number
  readonly candidate: DailyMemory
  readonly champion: DailyMemory
}

/**
 * A network that runs beside the one in use, on the same records: its forecasts are scored and never published. Some
 * series of a partition are copied, twice: for the network in the shadow, whose hidden states are rebuilt first, and for
 * the one that publishes, so that both are scored on the same targets, from the same calibration on.
 */
export class Shadow {
  private constructor(
    readonly model: ActiveModel,
    readonly against: number,
    readonly since: number,
    readonly candidate: DailyScores,
    readonly champion: DailyScores,
    /** Under the network in the shadow, and under the one that publishes. */
    private readonly rivals: readonly [Partition, Partition],
    private readonly series: ReadonlySet<string>,
    private readonly decoder: Decoder,
  ) {}

  /**
   * Between two batches. One that was stored goes on where both networks are the same still.
   */
  static async beside(partition: Partition, config: PipelineConfig, model: ActiveModel): Promise<Shadow> {
    const { states, model: used } = partition
    const { quantiles } = config
    const scores = (): DailyScores => new DailyScores(states.layout, [quantiles[0]!, 0.5, quantiles.at(-1)!])
    const [candidate, champion] = [scores(), scores()]
    const memory = states.shadow?.memory() ?? states.shadowed
    const resumed = memory?.version === model.version && memory.against === used.version ? memory : null
    candidate.resumeDays(resumed?.candidate ?? [])
    champion.resumeDays(resumed?.champion ?? [])
    const every = Math.ceil(states.slots.size / MOST_SERIES)
    const series = [...states.slots.entries()].flatMap(([name], i) => (i % every === 0 ? [name] : []))
    const rivals: readonly [Partition, Partition] = [
      await partition.copy(series, model, candidate),
      await partition.copy(series, used, champion),
    ]
    const since = resumed?.since ?? states.aligner.watermark
    const decoder = new Decoder(config, partition.lookup, null)
    states.shadowed = null
    return new Shadow(model, used.version, since, candidate, champion, rivals, new Set(series), decoder)
  }

  /** Takes records that have been settled. */
  async advance(records: readonly LogRecord[]): Promise<void> {
    const { decoder, series, rivals } = this
    await decoder.prepare(records)
    const known = records.filter(({ key, value, timestamp }) => {
      decoder.decode(key, value, timestamp)
      return series.has(decoder.out.series)
    })
    if (known.length === 0) return
    for (const rival of rivals) await rival.advance(known, false)
  }

  /** The latest forecast of the network in the shadow; `null` of series that are not compared. */
  latest(series: string): ToldForecast | null {
    return this.rivals[0].latest(series)
  }

  memory(): ShadowMemory {
    const { model, against, since, candidate, champion } = this
    return {
      version: model.version,
      against,
      since,
      candidate: candidate.byDay(),
      champion: champion.byDay(),
    }
  }
}
