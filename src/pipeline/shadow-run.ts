import type { PipelineConfig } from '../config/types.js'
import { DailyScores } from '../core/daily-scores.js'
import { StateLayout } from '../core/layout.js'
import type { Engine } from '../ports/engine.js'
import type { StoredModel } from '../ports/model-store.js'
import type { ShadowFigures } from '../ports/control/learning.js'
import { networkModel, type ActiveModel } from './active-model.js'
import { asConfigured } from './fits.js'
import type { Partitions } from './partitions.js'

/** A network in the shadow of the one in use, on all partitions of a process. */
export class ShadowRun {
  private model: ActiveModel | null = null

  constructor(
    private readonly engine: Engine,
    private readonly partitions: Pick<Partitions, 'all'>,
  ) {}

  /** 0: none. */
  get version(): number {
    return this.model?.version ?? 0
  }

  /** @param model one that fits the configuration */
  async begin({ version, spec, weights, report }: StoredModel, config: PipelineConfig): Promise<void> {
    if (this.model !== null) await this.end()
    this.model = networkModel(version, await this.engine.load(asConfigured(spec, config), weights), report.to)
  }

  /** Lets it run on partitions on which it does not yet: new ones, and after a change of the configuration. */
  async extend(): Promise<void> {
    const { model } = this
    if (model !== null) for (const runtime of this.partitions.all()) await runtime.accompany(model)
  }

  async end(): Promise<void> {
    const { model } = this
    this.model = null
    for (const runtime of this.partitions.all()) await runtime.accompany(null)
    model?.network?.release()
  }

  /** `null` while nothing is compared. */
  figures(config: PipelineConfig): ShadowFigures | null {
    const { quantiles } = config
    const sums = (): DailyScores =>
      new DailyScores(new StateLayout(config), [quantiles[0]!, 0.5, quantiles.at(-1)!])
    const [candidate, champion] = [sums(), sums()]
    const shadows = this.partitions
      .all()
      .flatMap(({ shadow }) => (shadow !== null && shadow.model === this.model ? [shadow] : []))
    const [first] = shadows
    if (first === undefined) return null
    for (const shadow of shadows) {
      candidate.add(shadow.candidate)
      champion.add(shadow.champion)
    }
    const judged = (of: DailyScores, who: 'published' | 'baseline'): ShadowFigures['candidate'] => {
      const { mase, wql, coverage, targets } = of.total(who).scores()
      const scores = { mase: mase ?? NaN, wql: wql ?? NaN, coverage: coverage ?? NaN, targets }
      return { losses: of.losses(who), scores }
    }
    return {
      version: first.model.version,
      against: first.against,
      since: Math.min(...shadows.map(({ since }) => since)),
      candidate: judged(candidate, 'published'),
      champion: first.against === 0 ? null : judged(champion, 'published'),
      baseline: judged(champion, 'baseline'),
    }
  }
}
