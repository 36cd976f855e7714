import type { Refusal } from '../../../core/verdict.js'
import type { BacktestTraining } from '../../../ports/control/backtest-report.js'

const REFUSALS: Readonly<Record<Refusal, string>> = {
  'not-finite': 'it forecasts what is not a number',
  'too-few-days': 'too few days to judge by',
  'worse-than-champion': 'worse than the champion',
  'worse-than-baseline': 'worse than the baseline',
  'worse-than-former-champion': 'worse than the network that was set aside',
  'within-noise': 'better, but not by more than noise',
  'worse-coverage': 'its intervals cover too little',
}

/** Such as `gru@2`. */
export function networkName(model: string, { version }: BacktestTraining): string {
  return `${model}@${version}`
}

/** What the gate does with a network, as in "the gate …". */
export function gateText({ verdict }: BacktestTraining): string {
  if (verdict === null) return 'was not asked'
  return verdict.refusal === null ? 'takes it' : `refuses it, ${REFUSALS[verdict.refusal]}`
}
