import { useMemo } from 'preact/hooks'
import type { TrainingReport } from '../../ports/model-store.js'
import { formatValue } from '../format/numbers.js'
import { Chart } from './chart.js'
import type { ChartModel } from './chart-model.js'

interface Props {
  readonly curve: TrainingReport['curve']
  /** Of which training, in words. */
  readonly whose: string
}

/** Loss and gradient norm over the updates of a training. */
export function TrainingCurves({ curve, whose }: Props) {
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
