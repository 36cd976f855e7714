import { useMemo } from 'preact/hooks'
import type { LearningStatus } from '../../../ports/control/learning.js'
import { Chart } from '../../charts/chart.js'
import type { ChartModel } from '../../charts/chart-model.js'
import { formatPercent, formatValue } from '../../format/numbers.js'

/** Loss and gradient norm over the updates of the present training, or of the last network. */
export function TrainingCurves({ learning }: { readonly learning: LearningStatus }) {
  const { curve, progress } = learning
  const models = useMemo((): readonly ChartModel[] => {
    const x = curve.map(([update]) => update)
    const axis = { kind: 'number', label: 'update' } as const
    const loss = {
      x,
      y: curve.map(([, value]) => value),
      label: 'Training loss',
      role: 'forecast',
      shape: 'line',
    } as const
    const norm = {
      x,
      y: curve.map(([, , value]) => value),
      label: 'Gradient norm before clipping',
      role: 'challenger',
      shape: 'line',
    } as const
    return [
      { title: 'Training loss', axis, lines: [loss], fromZero: true },
      { title: 'Gradient norm', axis, lines: [norm], fromZero: true },
    ]
  }, [curve])
  const [first, last] = [curve[0], curve.at(-1)]
  if (first === undefined || last === undefined || curve.length < 2) return null
  const whose = progress === null ? 'Of the last network' : 'Of the present training'
  return (
    <div class="pair">
      <Chart
        model={models[0]!}
        summary={`${whose}: from ${formatValue(first[1])} to ${formatValue(last[1])} at update ${last[0]}.`}
        height={190}
      />
      <Chart
        model={models[1]!}
        summary={`${whose}: from ${formatValue(first[2])} to ${formatValue(last[2])} at update ${last[0]}.`}
        height={190}
      />
    </div>
  )
}

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
