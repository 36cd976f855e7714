import type { TargetScores } from '../../core/accuracy.js'

/** Means of each one's own scores, of those that have one; the targets of all. */
export function meanScores(of: readonly TargetScores[]): TargetScores {
  const mean = (name: 'mase' | 'smape' | 'wql' | 'coverage' | 'bias'): number | null => {
    const known = of.map((scores) => scores[name]).filter((score) => score !== null)
    return known.length > 0 ? known.reduce((sum, score) => sum + score, 0) / known.length : null
  }
  return {
    mase: mean('mase'),
    smape: mean('smape'),
    wql: mean('wql'),
    coverage: mean('coverage'),
    bias: mean('bias'),
    targets: of.reduce((sum, { targets }) => sum + targets, 0),
  }
}
