import type { PipelineConfig } from '../config/types.js'
import type { LiveScores } from '../ports/control.js'

const SEASONS = 2
/** Where there is no season, in place of the steps of two long ones. */
const WITHOUT_SEASON = 336
/** Where there is no grid: in place of the length of two long seasons. */
const WITHOUT_GRID_MS = 14 * 86_400_000

/** Notices that what a network publishes has been worse than the baseline for long enough, in the time of the stream. */
export class BehindBaseline {
  private version = 0
  private since: number | null = null

  /** @param pipeline whose configuration may change */
  constructor(
    private readonly pipeline: { readonly config: Pick<PipelineConfig, 'training' | 'interval' | 'season'> },
  ) {}

  /**
   * @param newest time of the stream, ms
   * @param scores rolling ones; a network that has just come is judged once they are its own
   * @returns since when it has been behind, once that is too long
   */
  look(
    version: number,
    newest: number,
    scores: { readonly network: LiveScores; readonly baseline: LiveScores } | null,
  ): number | null {
    // Where nothing is learnt, what forecasts was chosen by hand.
    const { enabled, setAside } = this.pipeline.config.training
    if (version !== this.version) this.since = null
    this.version = version
    const published = scores?.network.wql ?? null
    const baseline = scores?.baseline.wql ?? null
    if (!enabled || !setAside.enabled || published === null || baseline === null) return null
    if (!(published > baseline * (1 + setAside.margin))) {
      this.since = null
      return null
    }
    this.since ??= newest
    return newest - this.since >= this.patience() ? this.since : null
  }

  private patience(): number {
    const { training, interval, season } = this.pipeline.config
    if (training.setAside.after > 0) return training.setAside.after
    if (interval === 0) return WITHOUT_GRID_MS
    return (season.long > 1 ? SEASONS * season.long : WITHOUT_SEASON) * interval
  }
}
