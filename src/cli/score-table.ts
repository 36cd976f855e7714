import { table } from './table.js'

type Shown = Readonly<Record<'mase' | 'wql' | 'coverage', number | null>>

interface Horizon {
  /** Such as `2-6`. */
  readonly steps: string
  readonly network: Shown
  readonly baseline: Shown
}

/** A score as people read it. Symbols and numbers have scores of their own. */
export function shown(score: number | null | undefined, digits: number): string {
  return Number.isFinite(score) ? Number(score).toFixed(digits) : '–'
}

/** Scores by how far ahead, the baseline's in brackets; an empty text where there are none. */
export function byHorizon(horizons: readonly Horizon[]): string {
  if (horizons.length === 0) return ''
  const rows = horizons.map(({ steps, network, baseline }) => [
    steps,
    ...(['mase', 'wql', 'coverage'] as const).flatMap((score) => {
      const digits = score === 'coverage' ? 3 : 4
      return [shown(network[score], digits), `(${shown(baseline[score], digits)})`]
    }),
  ])
  return `\n${table(['STEPS AHEAD', 'MASE', '(BASELINE)', 'WQL', '(BASELINE)', 'COVERAGE', '(BASELINE)'], rows)}`
}
