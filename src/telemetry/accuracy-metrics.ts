import type { Gauge } from 'prom-client'
import type { LiveScores } from '../ports/control.js'
import type { AccuracyMeasured } from './events.js'
import type { Metrics } from './metrics.js'

type Source = 'published' | 'baseline'

const NONE: LiveScores = { mase: null, smape: null, wql: null, coverage: null, bias: null }

/** How good a pipeline's forecasts are; a score that is not known is absent, not what it was last. */
export class AccuracyMetrics {
  /** Ranges of the horizon that have scores now. */
  #steps: ReadonlySet<string> = new Set()

  constructor(
    private readonly metrics: Metrics,
    private readonly pipeline: string,
  ) {}

  measured({ accuracy, nominal }: AccuracyMeasured): void {
    const { metrics, pipeline } = this
    put(metrics.nominalCoverage, { pipeline }, nominal)
    put(metrics.scoredTargets, { pipeline }, accuracy?.targets ?? 0)
    this.#scores('published', accuracy?.network ?? NONE)
    this.#scores('baseline', accuracy?.baseline ?? NONE)
    const horizons = accuracy?.horizons ?? []
    const present = new Set(horizons.map(({ steps }) => steps))
    for (const steps of this.#steps) {
      if (present.has(steps)) continue
      this.#horizonScores('published', steps, NONE)
      this.#horizonScores('baseline', steps, NONE)
    }
    this.#steps = present
    for (const { steps, network, baseline } of horizons) {
      this.#horizonScores('published', steps, network)
      this.#horizonScores('baseline', steps, baseline)
    }
  }

  #scores(source: Source, scores: LiveScores): void {
    const { metrics, pipeline } = this
    const labels = { pipeline, source }
    put(metrics.mase, labels, scores.mase)
    put(metrics.smape, labels, scores.smape)
    put(metrics.wql, labels, scores.wql)
    put(metrics.coverage, labels, scores.coverage)
    put(metrics.bias, labels, scores.bias)
    put(metrics.logLoss, labels, scores.logLoss ?? null)
    put(metrics.symbolAccuracy, labels, scores.accuracy ?? null)
  }

  #horizonScores(source: Source, steps: string, scores: LiveScores): void {
    const { metrics, pipeline } = this
    const labels = { pipeline, source, steps }
    put(metrics.horizonMase, labels, scores.mase)
    put(metrics.horizonSmape, labels, scores.smape)
    put(metrics.horizonWql, labels, scores.wql)
    put(metrics.horizonCoverage, labels, scores.coverage)
    put(metrics.horizonBias, labels, scores.bias)
  }
}

function put<L extends string>(gauge: Gauge<L>, labels: Record<L, string>, value: number | null): void {
  if (value === null) gauge.remove(labels)
  else gauge.set(labels, value)
}
