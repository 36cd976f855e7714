import type { PipelineStatus } from '../../../ports/control.js'
import { live } from '../../api/live.js'
import { linkTo } from '../../base/route.js'
import { Sparkline } from '../../charts/sparkline.js'
import { formatCount, formatPercent, formatRate, formatScore } from '../../format/numbers.js'
import { formatSteps } from '../../format/times.js'
import { Figure } from '../../parts/figure.js'
import { AccuracyHistory, lossRatio } from './accuracy-history.js'

const history = new AccuracyHistory(live.status)

/** As the daemon judges it. */
const COVERAGE_OFF = 0.1
const WORSE = 1.02

export function PipelineCard({ status, at }: { readonly status: PipelineStatus; readonly at: number }) {
  const { name, topic, output, form, model, phase, training, series, lag, rejected, accuracy } = status
  const of = `{pipeline="${name.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"}`
  const path = `api/v1/pipelines/${encodeURIComponent(name)}`
  const nominal = (form.quantiles.at(-1) ?? 0) - (form.quantiles[0] ?? 0)
  const coverage = accuracy?.network.coverage ?? null
  const ratio = lossRatio(status)
  const alone = model.startsWith('baseline')
  const symbols = form.kind === 'symbols'
  return (
    <article class="card" aria-label={name} data-at={at}>
      <header>
        <h2>
          <a href={linkTo('series', { pipeline: name })}>{name}</a>
        </h2>
        <span class={`phase ${phase}`}>{phase}</span>
      </header>
      <p class="muted card-path">
        {topic} → {output}
        {symbols ? '' : `, ${formatSteps(form.horizon, form.interval)} ahead`}
      </p>
      <div class="accuracy">
        <div>
          {alone || ratio === null ? (
            <span class="big">{alone ? 'baseline' : '–'}</span>
          ) : (
            <span class={`big figure ${ratio <= 1 ? 'good' : ratio > WORSE ? 'bad' : ''}`}>
              {formatChange(ratio)}
            </span>
          )}
          <span class="muted">
            {' '}
            {alone ? 'forecasts' : ratio === null ? 'nothing scored yet' : 'error against the baseline'}
          </span>
        </div>
        <Sparkline
          values={history.of(name)}
          reference={1}
          label={`Error over the baseline's since this page was opened; now ${formatScore(ratio)}`}
        />
      </div>
      <dl class="figures">
        <Figure
          of={name}
          label="Rate"
          value={formatRate(status.recordsPerSecond)}
          unit="records/s"
          source={{ promql: `rate(tidecast_records_consumed_total${of}[1m])`, path }}
        />
        <Figure
          of={name}
          label="Lag"
          value={formatCount(lag)}
          unit="records"
          source={{ promql: `sum(tidecast_lag_records${of})`, path }}
        />
        {symbols ? (
          <Figure
            of={name}
            label="Hit rate"
            value={formatPercent(accuracy?.network.accuracy)}
            note={`baseline ${formatPercent(accuracy?.baseline.accuracy)}`}
            source={{ promql: `tidecast_symbol_accuracy_ratio${of}`, path }}
          />
        ) : (
          <Figure
            of={name}
            label="MASE"
            value={formatScore(accuracy?.network.mase)}
            note={`baseline ${formatScore(accuracy?.baseline.mase)}`}
            source={{ promql: `tidecast_forecast_mase${of}`, path }}
          />
        )}
        {symbols ? null : (
          <Figure
            of={name}
            label="Coverage"
            value={formatPercent(coverage)}
            note={`of ${formatPercent(nominal)} promised`}
            {...(coverage !== null && Math.abs(coverage - nominal) > COVERAGE_OFF
              ? { tone: 'bad' as const }
              : {})}
            source={{ promql: `tidecast_forecast_coverage_ratio${of}`, path }}
          />
        )}
        <Figure
          of={name}
          label="Series"
          value={formatCount(series)}
          source={{
            promql: `sum(tidecast_resident_series${of}) + sum(tidecast_spilled_series${of})`,
            path: `${path}/series`,
          }}
        />
        <Figure
          of={name}
          label="Rejected"
          value={formatCount(rejected)}
          unit="records"
          {...(rejected > 0 ? { tone: 'bad' as const } : {})}
          source={{ promql: `sum by (reason) (tidecast_records_rejected_total${of})`, path }}
        />
      </dl>
      <p class="card-foot">
        <b>{model}</b> <span class="muted">· training: {training}</span>
      </p>
    </article>
  )
}

function formatChange(ratio: number): string {
  const percent = Math.round((ratio - 1) * 100)
  return percent === 0 ? '± 0 %' : `${percent < 0 ? '−' : '+'}${Math.abs(percent)} %`
}
