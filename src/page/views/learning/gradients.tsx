import { useMemo } from 'preact/hooks'
import type { LearningStatus } from '../../../ports/control/learning.js'
import { Chart } from '../../charts/chart.js'
import type { ChartModel } from '../../charts/chart-model.js'
import { formatPercent } from '../../format/numbers.js'

/** How far back what is learnt reaches. */
export function Gradients({ learning }: { readonly learning: LearningStatus }) {
  const { gradient } = learning
  const model = useMemo((): ChartModel | null => {
    if (gradient === null || gradient.flow.length < 2) return null
    const x = gradient.flow.map(([lag]) => lag)
    const y = gradient.flow.map(([, share]) => share)
    return {
      title: 'Gradient reach',
      axis: { kind: 'number', label: 'steps back' },
      lines: [{ x, y, label: 'Share of the gradient that is left', role: 'forecast', shape: 'line' }],
      fromZero: true,
    }
  }, [gradient])
  if (gradient === null || model === null) return null
  const reach = gradient.reach === null ? 'farther than a chunk' : `${Math.round(gradient.reach)} steps`
  const activity =
    gradient.saturated !== null
      ? `${formatPercent(gradient.saturated)} of the activations are saturated`
      : `${formatPercent(gradient.dead)} of the units are dead`
  const text = `Gradients reach back ${reach} (1 % is left there); ${activity}.`
  return (
    <div class="stack">
      <h3>Gradient reach by lag</h3>
      <p class="muted">{text}</p>
      <Chart model={model} summary={text} height={190} />
    </div>
  )
}
