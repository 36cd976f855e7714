import type { BacktestProgress } from '../../../ports/control/backtests.js'
import { formatPercent } from '../../format/numbers.js'
import { formatSpan } from '../../format/times.js'

const WORDS: Readonly<Record<BacktestProgress['phase'], string>> = {
  reading: 'Reading the file',
  training: 'Training',
  streaming: 'Forecasting the end with',
}

export function BacktestProgressBar({ progress }: { readonly progress: BacktestProgress }) {
  const { phase, model, share, etaSeconds, done, phases } = progress
  const what = `${WORDS[phase]}${model === null ? '' : ` ${model}`}`
  return (
    <>
      <p>
        <b>{what}</b>: {formatPercent(share)}
        {etaSeconds === null ? '' : `, ${formatSpan(etaSeconds * 1000)} to go`}
        <span class="muted">
          {' '}
          · phase {Math.min(done + 1, phases)} of {phases}
        </span>
      </p>
      <progress value={done + share} max={phases} aria-label={what} />
    </>
  )
}
