import { useMemo } from 'preact/hooks'
import type { BacktestReport, ModelReport } from '../../../ports/control/backtest-report.js'
import { Chart } from '../../charts/chart.js'
import type { ChartModel, Line } from '../../charts/chart-model.js'
import { formatPercent, formatScore } from '../../format/numbers.js'

interface Props {
  readonly report: BacktestReport
}

const LOOKS = [
  { role: 'forecast', shape: 'line' },
  { role: 'challenger', shape: 'dashed' },
  { role: 'fork', shape: 'thin' },
] as const

/** How a model is drawn: the networks as they come, the baseline as everywhere. */
export function lookOf(report: BacktestReport, name: ModelReport['name']): Pick<Line, 'role' | 'shape'> {
  if (name === 'baseline') return { role: 'baseline', shape: 'dotted' }
  const at = report.models.findIndex((model) => model.name === name)
  return LOOKS[at % LOOKS.length]!
}

/** The farther ahead, the worse: by how much. */
export function ErrorByHorizon({ report }: Props) {
  const model = useMemo(
    (): ChartModel => ({
      title: 'Error by steps ahead (MASE)',
      axis: { kind: 'number', label: 'steps ahead' },
      fromZero: true,
      lines: report.models.map(({ name, steps }) => ({
        x: steps.map(({ step }) => step),
        y: steps.map(({ mase }) => mase),
        label: name,
        ...lookOf(report, name),
      })),
    }),
    [report],
  )
  if (report.models.every(({ steps }) => steps.length === 0)) return null
  const text = report.models
    .map(
      ({ name, steps }) =>
        `${name}: ${formatScore(steps[0]?.mase)} at first, ${formatScore(steps.at(-1)?.mase)} at last`,
    )
    .join('; ')
  return (
    <div class="stack">
      <h3>Error by horizon</h3>
      <Chart model={model} summary={`${text}.`} height={220} />
    </div>
  )
}

/** Whether as much came below each quantile as it says. */
export function Calibration({ report }: Props) {
  const model = useMemo((): ChartModel => {
    const promised = { x: [0, 1], y: [0, 1], label: 'As promised', role: 'actual', shape: 'thin' } as const
    const lines = report.models.map(({ name, calibration }) => ({
      x: calibration.map(({ level }) => level),
      y: calibration.map(({ below }) => below),
      label: name,
      ...lookOf(report, name),
    }))
    return {
      title: 'Share of what came below each quantile',
      axis: { kind: 'number', label: 'quantile' },
      fromZero: true,
      lines: [promised, ...lines],
    }
  }, [report])
  if (report.models.every(({ calibration }) => calibration.length === 0)) return null
  const text = report.models
    .map(({ name, calibration }) => {
      const levels = calibration.map(
        ({ level, below }) => `${formatPercent(below)} below the ${level} quantile`,
      )
      return `${name}: ${levels.join(', ')}`
    })
    .join('; ')
  return (
    <div class="stack">
      <h3>Calibration</h3>
      <Chart model={model} summary={`${text}.`} height={220} />
    </div>
  )
}

/** Whether the band keeps its promise over time. */
export function CoverageOverTime({ report, nominal }: Props & { readonly nominal: number }) {
  const model = useMemo((): ChartModel => {
    const middle = (from: string, to: string): number => (Date.parse(from) + Date.parse(to)) / 2000
    const lines = report.models.map(({ name, periods }) => ({
      x: periods.map(({ from, to }) => middle(from, to)),
      y: periods.map(({ coverage }) => coverage),
      label: name,
      ...lookOf(report, name),
    }))
    const x = lines[0]?.x ?? []
    const promised = {
      x,
      y: x.map(() => nominal),
      label: 'As promised',
      role: 'actual',
      shape: 'thin',
    } as const
    return {
      title: 'Coverage over time',
      axis: { kind: 'time' },
      fromZero: true,
      lines: [promised, ...lines],
    }
  }, [report, nominal])
  if ((report.models[0]?.periods.length ?? 0) < 2) return null
  const text = report.models
    .map(({ name, scores }) => `${name}: ${formatPercent(scores.coverage)} of what came`)
    .join('; ')
  return (
    <div class="stack">
      <h3>Coverage over time</h3>
      <Chart model={model} summary={`Inside the band, by period. Over all, ${text}.`} height={220} />
    </div>
  )
}
