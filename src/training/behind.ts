import type { PipelineConfig } from '../config/types.js'
import type { LiveScores } from '../ports/control.js'
import { patienceOf } from './patience.js'

/** Notices that what a network publishes has been worse than the baseline for long enough, in the time of the stream. */
export class BehindBaseline {
  private version = 0
  private since: number | null = null

  /** @param pipeline whose configuration may change */
  constructor(
    private readonly pipeline: { readonly config: Pick<PipelineConfig, 'training' | 'interval' | 'season'> },
  ) {}

  /** A network that comes back is judged anew. */
  forget(): void {
    this.since = null
  }

  /**
   * @param version 0 while the baseline forecasts
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
    if (version === 0) return null
    const published = scores?.network.wql ?? null
    const baseline = scores?.baseline.wql ?? null
    if (!enabled || !setAside.enabled || published === null || baseline === null) return null
    if (!(published > baseline * (1 + setAside.margin))) {
      this.since = null
      return null
    }
    this.since ??= newest
    const patience = setAside.after > 0 ? setAside.after : patienceOf(this.pipeline.config)
    return newest - this.since >= patience ? this.since : null
  }
}
