import type { NetworkSpec } from '../core/network-spec.js'
import type { Verdict } from '../core/verdict.js'
import { Network } from '../model/network.js'
import type { DailyFigures } from '../ports/control/learning.js'
import type { JudgedScores } from '../ports/model-store.js'
import { evaluate, type Evaluation } from './evaluate.js'
import { decide, FEWEST_DAYS, termsOf } from './gate.js'
import type { SplitSeries } from './split.js'
import type { FormerChampion, TrainingOptions } from './train.js'

/** Series whose holdout is scored; more of them would say the same. */
const MOST_JUDGED = 256

export interface JudgingOptions extends Pick<
  TrainingOptions,
  'tf' | 'fused' | 'shape' | 'histories' | 'training' | 'calibration' | 'champion'
> {
  readonly split: readonly SplitSeries[]
}

/**
 * Scores a network, the champion and the baseline on the holdout, which none of them has seen, and asks the gate. Where
 * the champion has been set aside and the candidate is refused, the gate is asked of the former one as well.
 */
export function judgeCandidate(
  options: JudgingOptions,
  spec: NetworkSpec,
  weights: Float32Array,
): Pick<Evaluation, 'horizons'> & {
  readonly scores: JudgedScores
  readonly verdict: Verdict
  readonly former: FormerChampion | null
} {
  const { shape, training, champion = null } = options
  const terms = termsOf(shape, training.seed)
  const { network, baseline, horizons } = score(options, spec, weights)
  const other = champion === null ? null : score(options, champion.spec, champion.weights).network
  const aside = champion?.setAside === true ? other : null
  const inOffice = aside === null ? other : null
  const verdict = decide({ candidate: network, champion: inOffice, former: aside, baseline, ...terms })
  const scores = {
    network: network.scores,
    baseline: baseline.scores,
    ...(inOffice === null ? {} : { champion: inOffice.scores }),
    ...(aside === null ? {} : { former: aside.scores }),
  }
  const again = aside === null || verdict.promote ? null : comeback(aside, baseline, terms)
  return { scores, verdict, horizons, former: again }
}

/** A network that was set aside needs days enough to tell that it is better than the baseline again. */
function comeback(
  aside: DailyFigures,
  baseline: DailyFigures,
  terms: ReturnType<typeof termsOf>,
): FormerChampion | null {
  if (aside.losses.length < FEWEST_DAYS) return null
  const verdict = decide({ candidate: aside, champion: null, baseline, ...terms })
  if (!verdict.promote) return null
  return { scores: { network: aside.scores, baseline: baseline.scores }, verdict }
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
