import type { PipelineStatus } from '../../../ports/control.js'
import type { Store } from '../../base/store.js'
import type { StatusEvent } from '../../api/live.js'

/** Samples that are kept: of the last hour, one for ten seconds. */
const MOST = 360
const EVERY_MS = 10_000

/** The rolling loss over the baseline's, as far back as the page has been open. */
export class AccuracyHistory {
  private readonly ratios = new Map<string, number[]>()
  private taken = -Infinity

  constructor(status: Store<StatusEvent | null>) {
    status.subscribe(() => this.take(status.value))
  }

  of(pipeline: string): readonly number[] {
    return this.ratios.get(pipeline) ?? []
  }

  private take(event: StatusEvent | null): void {
    if (event === null || event.at - this.taken < EVERY_MS) return
    this.taken = event.at
    for (const pipeline of event.pipelines) {
      const ratio = lossRatio(pipeline)
      if (ratio === null) continue
      const ratios = [...this.of(pipeline.name), ratio].slice(-MOST)
      this.ratios.set(pipeline.name, ratios)
    }
  }
}

/** Below 1: better than the baseline. Of symbols that of the log-losses, else of the weighted quantile losses. */
export function lossRatio({ accuracy }: PipelineStatus): number | null {
  if (accuracy === null) return null
  const { network, baseline } = accuracy
  const [ours, theirs] = [network.logLoss ?? network.wql, baseline.logLoss ?? baseline.wql]
  return ours === null || theirs === null || theirs === 0 ? null : ours / theirs
}
