import type { NetworkSpec } from '../core/network-spec.js'
import type { Verdict } from '../core/verdict.js'
import { Network } from '../model/network.js'
import type { JudgedScores } from '../ports/model-store.js'
import { evaluate, type Evaluation } from './evaluate.js'
import { decide, termsOf } from './gate.js'
import type { SplitSeries } from './split.js'
import type { TrainingOptions } from './train.js'

/** Series whose holdout is scored; more of them would say the same. */
const MOST_JUDGED = 256

export interface JudgingOptions extends Pick<
  TrainingOptions,
  'tf' | 'fused' | 'shape' | 'histories' | 'training' | 'calibration' | 'champion'
> {
  readonly split: readonly SplitSeries[]
}

/** Scores a network, the champion and the baseline on the holdout, which none of them has seen, and asks the gate. */
export function judgeCandidate(
  options: JudgingOptions,
  spec: NetworkSpec,
  weights: Float32Array,
): { readonly scores: JudgedScores; readonly verdict: Verdict } {
  const { shape, training, champion = null } = options
  const candidate = score(options, spec, weights)
  const other = champion === null ? null : score(options, champion.spec, champion.weights)
  const verdict = decide({
    candidate: candidate.network,
    champion: other?.network ?? null,
    baseline: candidate.baseline,
    ...termsOf(shape, training.seed),
  })
  const scores = {
    network: candidate.network.scores,
    baseline: candidate.baseline.scores,
    ...(other === null ? {} : { champion: other.network.scores }),
  }
  return { scores, verdict }
}

function score(
  { tf, fused, shape, histories, split, calibration }: JudgingOptions,
  spec: NetworkSpec,
  weights: Float32Array,
): Evaluation {
  const bySeries = new Map(split.map((one) => [one.series.series, one]))
  const known = histories.filter((one) => bySeries.has(one.series))
  const every = Math.ceil(known.length / MOST_JUDGED)
  const judged = known.filter((_, i) => i % every === 0)
  const from = judged.map((one) => {
    const part = bySeries.get(one.series)!
    return one.values.length - part.series.length + part.validation
  })
  const network = new Network(tf, spec, weights, { fused })
  try {
    const warmUp = 2 * Math.max(shape.season.long, 100)
    const calibrated = calibration?.enabled === true ? { calibration } : {}
    return evaluate({ network, histories: judged, shape, from, warmUp, ...calibrated })
  } finally {
    network.dispose()
  }
}
