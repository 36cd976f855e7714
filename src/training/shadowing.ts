import { dayOf } from '../core/daily-scores.js'
import { StateLayout } from '../core/layout.js'
import type { ShadowFigures, ShadowStatus } from '../ports/control/learning.js'
import type { JudgedScores } from '../ports/model-store.js'
import type { Note } from './admission.js'
import { FEWEST_DAYS, decide, termsOf } from './gate.js'
import type { LearnerOptions } from './learner.js'
import type { Trainable } from './trainable.js'
import { digits } from './learning-text.js'
import { patienceOf } from './patience.js'

/** A candidate that runs beside what publishes, on the live stream, until enough days have been compared. */
export class Shadowing {
  private at: Promise<void> | undefined

  constructor(
    private readonly pipeline: Trainable,
    private readonly options: Pick<LearnerOptions, 'models' | 'telemetry'>,
    private readonly note: Note,
  ) {}

  /** Version that is to be decided about; `null`: none. Follows from what is stored, so a restart does not forget it. */
  pending(): number | null {
    const { config, trainsHere } = this.pipeline
    const { models } = this.options
    if (config.training.promotion !== 'shadow' || !config.training.enabled || !trainsHere) return null
    const decisions = models.decisions(config.name)
    const begun = decisions.findLastIndex(({ outcome }) => outcome === 'shadow')
    const version = decisions[begun]?.version ?? null
    const over = decisions.slice(begun + 1).some((later) => later.version === version)
    return over || models.champion(config.name) === version ? null : version
  }

  /** Begins, goes on with or ends what is pending; called now and then, and without effect while it is at work. */
  async watch(): Promise<void> {
    this.at ??= this.look().finally(() => (this.at = undefined))
    await this.at
  }

  status(): ShadowStatus | null {
    const figures = this.pipeline.shadowFigures()
    if (figures === null) return null
    return {
      version: figures.version,
      against: figures.against,
      since: new Date(figures.since).toISOString(),
      until: new Date(this.until(figures)).toISOString(),
      days: figures.candidate.losses.length,
      scores: judgedOf(figures),
    }
  }

  private async look(): Promise<void> {
    const { pipeline, options } = this
    const version = this.pending()
    if (!(await pipeline.shadow(version))) {
      const why = 'it does not fit the configuration any more'
      await this.note({ reason: 'shadow', outcome: 'refused', version, why, scores: null, verdict: null })
    }
    const figures = pipeline.shadowFigures()
    options.telemetry.training({ kind: 'shadow-measured', lossRatio: figures && ratioOf(figures) })
    if (version === null || figures?.version !== version) return
    pipeline.training = textOf(figures, this.until(figures))
    if (pipeline.newest < this.until(figures) || figures.candidate.losses.length <= FEWEST_DAYS) return
    await this.decide(figures)
  }

  private async decide(figures: ShadowFigures): Promise<void> {
    const { pipeline, options } = this
    const { config } = pipeline
    const { version } = figures
    const verdict = decide({ ...figures, ...termsOf(config, config.training.seed) })
    const judged = { reason: 'shadow', version, scores: judgedOf(figures), verdict }
    await pipeline.shadow(null)
    const model = verdict.promote ? options.models.get(config.name, version) : null
    if (model !== null) await pipeline.promote(model)
    const outcome = model === null ? 'refused' : 'promoted'
    const why = verdict.refusal
    pipeline.training = `${outcome} after its shadow: ${compared(figures)}`
    options.telemetry.training({
      kind: 'shadow-ended',
      outcome,
      version,
      why,
      scores: judged.scores,
      verdict,
    })
    await this.note({ ...judged, outcome, why })
  }

  private until({ since }: ShadowFigures): number {
    const { config } = this.pipeline
    const { interval, training } = config
    const fewest = (FEWEST_DAYS + 1) * dayOf(new StateLayout(config)) * interval
    return since + (training.shadowFor > 0 ? training.shadowFor : Math.max(patienceOf(config), fewest))
  }
}

function judgedOf({ candidate, champion, baseline }: ShadowFigures): JudgedScores {
  return {
    network: candidate.scores,
    baseline: baseline.scores,
    ...(champion === null ? {} : { champion: champion.scores }),
  }
}

/** `null` before the first target. */
function ratioOf({ candidate, champion, baseline }: ShadowFigures): number | null {
  const ratio = candidate.scores.wql / (champion ?? baseline).scores.wql
  return Number.isFinite(ratio) ? ratio : null
}

function textOf(figures: ShadowFigures, until: number): string {
  return `version ${figures.version} runs in the shadow until ${new Date(until).toISOString()}: ${compared(figures)}`
}

function compared({ candidate, champion, baseline }: ShadowFigures): string {
  const published = champion === null ? "the baseline's" : "the champion's"
  return `WQL ${digits(candidate.scores.wql)} against ${published} ${digits((champion ?? baseline).scores.wql)}`
}
