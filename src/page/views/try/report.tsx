import type { BacktestReport } from '../../../ports/control/backtest-report.js'
import { zone } from '../../base/preferences.js'
import { useStore } from '../../base/store.js'
import { TrainingCurves } from '../../charts/training-curves.js'
import { download } from '../../charts/download.js'
import { formatCount, formatPercent, formatScore, formatValue } from '../../format/numbers.js'
import { formatSpan, formatSteps, formatTime } from '../../format/times.js'
import { SourceButton } from '../../parts/source.js'
import { Calibration, CoverageOverTime, ErrorByHorizon } from './report-charts.js'
import { Examples } from './report-examples.js'

interface Props {
  readonly report: BacktestReport
  /** Where it can be had. */
  readonly path: string
}

/** What a backtest found: who is better by how much, and where. */
export function Report({ report, path }: Props) {
  const chosenZone = useStore(zone)
  const { options, data, models, seconds } = report
  const time = (iso: string): string => formatTime(Date.parse(iso), chosenZone)
  return (
    <section aria-labelledby="report-title" class="stack">
      <h2 id="report-title">
        Report <SourceButton of="The report" source={{ path }} />
      </h2>
      <Verdict report={report} />
      <p class="muted">
        {formatCount(data.series)} series, {formatCount(data.observations)} observations
        {data.missing === 0 ? '' : `, ${formatCount(data.missing)} missing`}, from {time(data.from)} to{' '}
        {time(data.to)}; forecast {formatSteps(options.horizon, options.interval)} ahead from{' '}
        {time(data.testFrom)} on, which no training saw. It took {formatSpan(seconds * 1000)}.
      </p>
      <div class="table-box" tabIndex={0} role="region" aria-label="Scores">
        <table>
          <thead>
            <tr>
              {['Forecast by', 'MASE', 'sMAPE', 'WQL', 'Coverage', 'Bias', 'Targets'].map((head) => (
                <th scope="col" key={head}>
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {models.map(({ name, scores }) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>{formatScore(scores.mase)}</td>
                <td>{formatPercent(scores.smape)}</td>
                <td>{formatScore(scores.wql)}</td>
                <td>{formatPercent(scores.coverage)}</td>
                <td>{formatValue(scores.bias)}</td>
                <td>{formatCount(scores.targets)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="muted small">
        MASE and bias in errors of the seasonal naive forecast; WQL, the weighted quantile loss, in sizes of
        the values; coverage is the share of what came inside the {formatPercent(nominalOf(report))} band.
      </p>
      <Examples report={report} />
      <div class="pair">
        <ErrorByHorizon report={report} />
        <Calibration report={report} />
        <CoverageOverTime report={report} nominal={nominalOf(report)} />
      </div>
      {models.map(({ name, trainings }) => {
        const last = trainings.at(-1)
        return last === undefined ? null : (
          <div class="stack" key={name}>
            <h3>How {name} learnt</h3>
            <TrainingCurves curve={last.report.curve} whose={`Training of ${name}`} />
          </div>
        )
      })}
      <div class="buttons">
        <button
          type="button"
          onClick={() => {
            const json = JSON.stringify(report, null, 2)
            download('backtest.json', new Blob([json], { type: 'application/json' }))
          }}
        >
          Download the report as JSON
        </button>
      </div>
    </section>
  )
}

/** In a sentence. */
function Verdict({ report: { models } }: { readonly report: BacktestReport }) {
  const baseline = models.at(-1)?.scores.wql ?? null
  const best = models
    .slice(0, -1)
    .reduce<(typeof models)[number] | undefined>(
      (least, one) => ((one.scores.wql ?? Infinity) < (least?.scores.wql ?? Infinity) ? one : least),
      undefined,
    )
  const loss = best?.scores.wql ?? null
  if (best === undefined || loss === null || baseline === null || baseline === 0) return null
  const change = Math.round((loss / baseline - 1) * 100)
  return (
    <p>
      <b class={`big figure ${change < 0 ? 'good' : 'bad'}`}>
        {change < 0 ? '−' : '+'}
        {Math.abs(change)} %
      </b>{' '}
      error of {best.name} against the baseline.{' '}
      {change >= 0
        ? 'A pipeline on such data would go on with the baseline.'
        : best.trainings[0]?.verdict?.promote === false
          ? 'A pipeline on such data would go on with the baseline at first: on what came before, the network was not better by more than noise, or not long enough.'
          : 'A pipeline on such data would let the network forecast.'}
    </p>
  )
}

/** What the outermost band promises, 0–1. */
function nominalOf({ options: { quantiles } }: BacktestReport): number {
  return (quantiles.at(-1) ?? 0) - (quantiles[0] ?? 0)
}
