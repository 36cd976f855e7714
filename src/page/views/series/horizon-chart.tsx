import { useMemo } from 'preact/hooks'
import type { Forecast } from '../../../core/forecast/format.js'
import type { SeriesHistory } from '../../../ports/control/series.js'
import { Chart } from '../../charts/chart.js'
import type { ChartModel } from '../../charts/chart-model.js'
import { formatPercent, formatValue } from '../../format/numbers.js'
import { formatSteps } from '../../format/times.js'
import { horizonErrors } from './horizon-errors.js'

interface Props {
  readonly interval: string
  readonly observations: SeriesHistory['observations']
  readonly forecasts: readonly Forecast[]
}

/** How the error grows with the distance, over the forecasts that are shown. */
export function HorizonChart({ interval, observations, forecasts }: Props) {
  const scores = useMemo(() => horizonErrors(forecasts, observations), [forecasts, observations])
  const { errors, coverage } = scores
  const model = useMemo((): ChartModel => {
    const x = errors.map((_, h) => h + 1)
    return {
      title: 'Mean error by steps ahead',
      axis: { kind: 'number', label: 'steps ahead' },
      fromZero: true,
      lines: [{ x, y: errors, label: 'Mean absolute error of the median', role: 'forecast', shape: 'line' }],
    }
  }, [errors])
  const known = coverage.filter((share): share is number => share !== null)
  if (scores.forecasts === 0) return null
  const mean = known.reduce((sum, share) => sum + share, 0) / known.length
  const text =
    `Over ${scores.forecasts} forecasts: ${formatValue(errors[0])} after ${formatSteps(1, interval)}, ` +
    `${formatValue(errors.findLast((error) => error !== null))} after the farthest that has come; ` +
    `${formatPercent(mean)} of what came lay inside the band.`
  return (
    <section aria-labelledby="horizon-title">
      <h3 id="horizon-title">Accuracy by horizon</h3>
      <p class="muted">{text}</p>
      <Chart model={model} summary={text} height={170} />
    </section>
  )
}
