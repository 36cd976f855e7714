import type { BacktestReport, ModelReport } from '../../../ports/control/backtest-report.js'
import { lineChart, type Happening, type Line } from './line-chart.js'
import { html, type Markup } from './markup.js'
import { day, decimals, percent, plain } from './numbers.js'
import { gateText, networkName } from './outcomes.js'
import { stepTicks, timeTicks, type Tick } from './scale.js'

type Points = Line['points']

/** Errors and calibration by how far ahead and over time. Of symbols there are none. */
export function qualityCharts({ models, options }: BacktestReport): Markup | null {
  if (options.kind === 'symbols') return null
  const { quantiles, horizon } = options
  const claimed = quantiles.at(-1)! - quantiles[0]!
  const nominal = { y: claimed, label: `${percent(0)(claimed)} is claimed` }
  const lines = (of: (model: ModelReport) => Points): Line[] =>
    models.map((model) => ({ name: model.name, points: of(model) }))
  const times = models[0]!.periods.map(({ from }) => from)
  const overTime = {
    across: 'from',
    ticks: timeTicks(times),
    label: (i: number): string => day(times[i]!),
    happenings: {
      all: models.flatMap((model) => retrainings(model)),
      full: 'retrained, and taken into use',
      hollow: 'retrained, and refused',
    },
  }
  const share = { unit: 'percent', print: percent(1), least: 0.1 } as const
  const ahead = { across: 'steps ahead', ticks: stepTicks(horizon) }
  const all = [
    ...(horizon > 1
      ? [
          lineChart({
            ...ahead,
            title: 'Error by how far ahead',
            text: 'MASE by steps ahead: below 1 is better than repeating the last season.',
            print: decimals(2),
            spread: 'tight',
            least: 0.1,
            lines: lines(({ steps }) => steps.map(({ step, mase }) => [step, mase])),
          }),
          lineChart({
            ...ahead,
            title: 'Loss by how far ahead',
            text: 'Weighted quantile loss by steps ahead.',
            print: plain,
            spread: 'tight',
            lines: lines(({ steps }) => steps.map(({ step, wql }) => [step, wql])),
          }),
          lineChart({
            ...ahead,
            title: 'Coverage by how far ahead',
            text: 'Share of values inside the outermost interval, by steps ahead.',
            ...share,
            reference: nominal,
            lines: lines(({ steps }) => steps.map(({ step, coverage }) => [step, coverage])),
          }),
        ]
      : []),
    lineChart({
      title: 'Calibration',
      text: 'Share of values at or below a quantile, by the share it claims. On the dotted line is right.',
      across: 'quantile',
      ticks: [0, 0.25, 0.5, 0.75, 1].map((value): Tick => ({ value, label: percent(0)(value) })),
      label: percent(0),
      ...share,
      diagonal: true,
      lines: lines(({ calibration }) => calibration.map(({ level, below }) => [level, below])).map(
        (line) => ({
          ...line,
          marked: 'all',
        }),
      ),
    }),
    ...(times.length > 1
      ? [
          lineChart({
            ...overTime,
            title: 'Coverage over time',
            text: `Share of values inside the outermost interval, by the time of the target, ${periodText(models[0]!.periods)}.`,
            ...share,
            reference: nominal,
            lines: lines(({ periods }) => periods.map(({ coverage }, i) => [i, coverage])),
          }),
          lineChart({
            ...overTime,
            title: 'Loss over time',
            text: `Weighted quantile loss by the time of the target, ${periodText(models[0]!.periods)}.`,
            print: plain,
            lines: lines(({ periods }) => periods.map(({ wql }, i) => [i, wql])),
          }),
        ]
      : []),
  ]
  return html`<section>
    <h2>Errors and calibration</h2>
    <div class="charts">${all}</div>
  </section>`
}

/** When a network was retrained, in periods since the first began; there is at least one. */
function retrainings({ name, trainings, periods }: ModelReport): Happening[] {
  return trainings.slice(1).map((training) => {
    const at = Date.parse(training.at)
    const period = Math.max(
      0,
      periods.findLastIndex(({ from }) => Date.parse(from) <= at),
    )
    const [from, to] = [Date.parse(periods[period]!.from), Date.parse(periods[period]!.to)]
    return {
      x: Math.min(periods.length - 1, period + (at - from) / (to - from)),
      name,
      full: training.promoted,
      text: `${networkName(name, training)}, ${day(training.at)}: the gate ${gateText(training)}`,
    }
  })
}

/** How long a period is, in words. */
function periodText(periods: ModelReport['periods']): string {
  const [first] = periods
  if (first === undefined) return ''
  const hours = (Date.parse(first.to) - Date.parse(first.from)) / 3_600_000
  if (hours === 1) return 'hour by hour'
  if (hours < 24) return `every ${hours} hours`
  const days = hours / 24
  return days === 1 ? 'day by day' : days === 7 ? 'week by week' : `every ${days / 7} weeks`
}
