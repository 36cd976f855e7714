import type { PipelineConfig } from '../config/types.js'
import type { LiveScores } from '../ports/control.js'
import { patienceOf } from './patience.js'

/** Sums of quantile losses of what was published and of the baseline on the same targets; each only grows. */
export interface Losses {
  readonly published: number
  readonly baseline: number
}

/**
 * Notices that what a network publishes has been worse than the baseline for long enough, in the time of the stream, and
 * still is. Rolling scores remember for weeks the days in which something changed; a network that has found its way since
 * is the better one to go on with. So it must have been behind in all of that time by its rolling scores, and in the later
 * half by what it has published in it.
 */
export class BehindBaseline {
  private version = 0
  private since: number | null = null
  /** Where the later half begins. */
  private half: (Losses & { readonly at: number }) | null = null

  /** @param pipeline whose configuration may change */
  constructor(
    private readonly pipeline: { readonly config: Pick<PipelineConfig, 'training' | 'interval' | 'season'> },
  ) {}

  /** A network that comes back is judged anew. */
  forget(): void {
    this.since = this.half = null
  }

  /**
   * @param version 0 while the baseline forecasts
   * @param newest time of the stream, ms
   * @param scores rolling ones; a network that has just come is judged once they are its own
   * @param losses in all, as far as this process knows
   * @returns since when it has been behind, once that is too long
   */
  look(
    version: number,
    newest: number,
    scores: { readonly network: LiveScores; readonly baseline: LiveScores } | null,
    losses: Losses,
  ): number | null {
    // Where nothing is learnt, what forecasts was chosen by hand.
    const { enabled, setAside } = this.pipeline.config.training
    if (version !== this.version) this.forget()
    this.version = version
    if (version === 0) return null
    const published = scores?.network.wql ?? null
    const baseline = scores?.baseline.wql ?? null
    if (!enabled || !setAside.enabled || published === null || baseline === null) return null
    const behind = (one: number, other: number): boolean => one > other * (1 + setAside.margin)
    if (!behind(published, baseline)) {
      this.forget()
      return null
    }
    this.since ??= newest
    const patience = setAside.after > 0 ? setAside.after : patienceOf(this.pipeline.config)
    if (newest - this.since >= patience / 2) this.half ??= { at: newest, ...losses }
    if (newest - this.since < patience || this.half === null) return null
    const { at, ...before } = this.half
    const recent = losses.baseline - before.baseline
    // Where a partition has gone elsewhere, sums may have fallen: of this half nothing can be said, and another one begins.
    if (recent >= 0 && behind(losses.published - before.published, recent)) return this.since
    this.since = at
    this.half = { at: newest, ...losses }
    return null
  }
}
