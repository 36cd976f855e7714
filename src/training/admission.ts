import { lossOf, type Decision, type StoredModel } from '../ports/model-store.js'
import type { TrainingOutcome } from '../telemetry/training-events.js'
import type { Candidate } from './candidate.js'
import type { LearnerOptions } from './learner.js'
import { figuresOf } from './learning-text.js'
import type { Trainable } from './trainable.js'
import type { Due } from './triggers.js'

/** Notes what became of a network. */
export type Note = (
  decision: Omit<Decision, 'at' | 'scores' | 'verdict'> & Partial<Decision>,
) => Promise<void>

type Judged = Pick<Decision, 'reason' | 'version' | 'scores' | 'verdict'>

/** What becomes of a network that has been judged: it is refused, let through, or left to people or to its shadow. */
export class Admission {
  constructor(
    private readonly pipeline: Trainable,
    private readonly options: Pick<LearnerOptions, 'models' | 'telemetry'>,
    private readonly note: Note,
  ) {}

  /**
   * Takes a candidate into use, or the network that was set aside, or neither, and says so.
   * @param seconds that the training took
   * @param champion when the training began: a candidate that was judged beside another one is for people to promote
   */
  async settle(
    { model, former }: Candidate,
    { reason }: Due,
    seconds: number,
    stopping: AbortSignal,
    champion: number | null,
  ): Promise<void> {
    const { pipeline, options } = this
    const { version, scores, spec } = model
    const verdict = model.verdict ?? null
    const refusal =
      verdict === null
        ? lossOf(scores.network) < lossOf(scores.baseline)
          ? null
          : 'worse-than-baseline'
        : verdict.refusal
    const judged = { reason, version, scores, verdict }
    const finished = (outcome: TrainingOutcome): void => {
      options.telemetry.training({ kind: 'training-finished', seconds, outcome })
    }
    if (refusal !== null) {
      pipeline.training = `refused: ${refusal}, ${figuresOf(model)}`
      finished({ kind: 'refused', version, reason: refusal, scores, verdict })
      await this.note({ ...judged, outcome: 'refused', why: refusal })
      if (former !== null) await this.bringBack(former, reason, stopping, champion)
      return
    }
    const outcome = await this.letThrough(model, judged, stopping, champion)
    if (outcome === 'promoted') {
      pipeline.training = `trained in ${seconds.toFixed(0)} s`
      finished({ kind: 'promoted', version, cell: spec.cell, scores, verdict })
    } else {
      const because = outcome === 'shadow' ? 'in-shadow' : 'by-hand'
      finished({ kind: 'approved', version, reason: because, scores, verdict })
    }
  }

  /** The network that was set aside does better than the baseline again, and the candidate has not earned its place. */
  private async bringBack(
    { model, scores, verdict }: NonNullable<Candidate['former']>,
    reason: string,
    stopping: AbortSignal,
    champion: number | null,
  ): Promise<void> {
    const { version } = model
    const outcome = await this.letThrough(model, { reason, version, scores, verdict }, stopping, champion)
    this.options.telemetry.training({ kind: 'former-recovered', outcome, version, scores, verdict })
    if (outcome === 'promoted')
      this.pipeline.training = `back to version ${version}: ${figuresOf({ scores })}`
  }

  /** As `training.promotion` says. */
  private async letThrough(
    model: StoredModel,
    judged: Judged,
    stopping: AbortSignal,
    champion: number | null,
  ): Promise<'promoted' | 'approved' | 'shadow'> {
    const { pipeline, options } = this
    const { name, kind, training } = pipeline.config
    const { version } = model
    // A network in the shadow has to fit the states of the one in use.
    const shadowed = training.promotion === 'shadow' && kind === 'numbers' && pipeline.complete
    let outcome: 'promoted' | 'approved' | 'shadow' = 'promoted'
    if (training.promotion === 'manual' || options.models.champion(name) !== champion) {
      pipeline.training = `version ${version} waits to be promoted`
      outcome = 'approved'
    } else if (shadowed) {
      pipeline.training = `version ${version} begins in the shadow`
      outcome = 'shadow'
    } else {
      await pipeline.promote(model, stopping)
    }
    await this.note({ ...judged, outcome, why: null })
    return outcome
  }
}
