import { RowBuilder, type DashboardBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import { dashboard, figures, lines, P, pipelines, RATE, type Query } from './parts.js'

/** How good forecasts are, against the baseline's on the same targets, and whether intervals hold what they promise. */
export function quality(): DashboardBuilder {
  return dashboard(
    'quality',
    'Forecast quality',
    'Rolling scores of the model in use on its own forecasts, against the baseline on the same targets.',
  )
    .withVariable(pipelines(true))
    .withRow(new RowBuilder('Against the baseline'))
    .withPanel(
      figures("Loss over the baseline's", [against('tidecast_forecast_wql'), '{{pipeline}}'], {
        unit: 'share',
        span: 8,
        description: 'Weighted quantile loss. Below 100 %: better than the seasonal naive forecast.',
      }),
    )
    .withPanel(
      figures(
        'Coverage',
        [`avg by (pipeline) (tidecast_forecast_coverage_ratio{${P}, source="published"})`, '{{pipeline}}'],
        {
          unit: 'share',
          span: 8,
        },
      ),
    )
    .withPanel(
      figures('Targets', [`sum by (pipeline) (tidecast_forecast_scored_targets{${P}})`, '{{pipeline}}'], {
        span: 8,
        description:
          'Forecasts that the scores are of; old ones count less. After a take-over it begins at 0.',
      }),
    )
    .withPanel(
      lines("Loss over the baseline's", [[against('tidecast_forecast_wql'), '{{pipeline}}']], {
        unit: 'share',
        min: 0,
        span: 12,
      }),
    )
    .withPanel(lines('Weighted quantile loss', [bySource('tidecast_forecast_wql')], { min: 0, span: 12 }))
    .withPanel(
      lines('Error of the medians (MASE)', [bySource('tidecast_forecast_mase')], {
        min: 0,
        description: 'In errors of the in-sample seasonal naive forecast.',
      }),
    )
    .withPanel(lines('Symmetric error (sMAPE)', [bySource('tidecast_forecast_smape_ratio')], { min: 0 }))
    .withPanel(
      lines('Bias', [bySource('tidecast_forecast_bias')], {
        description: 'In naive errors. Above 0: forecasts are too low.',
      }),
    )
    .withRow(new RowBuilder('Intervals'))
    .withPanel(
      lines(
        'Coverage',
        [
          bySource('tidecast_forecast_coverage_ratio'),
          [`max by (pipeline) (tidecast_forecast_nominal_coverage_ratio{${P}})`, '{{pipeline}} promised'],
        ],
        {
          unit: 'share',
          min: 0,
          max: 1,
          span: 12,
          description: 'Share of what comes inside the outermost interval.',
        },
      ),
    )
    .withPanel(
      lines(
        'Anomalies',
        [[`sum by (pipeline) (rate(tidecast_anomalies_total{${P}}[${RATE}]))`, '{{pipeline}}']],
        {
          unit: 'rate',
          min: 0,
          span: 12,
          description: 'Observations far outside what was forecast of them.',
        },
      ),
    )
    .withRow(new RowBuilder('By steps ahead'))
    .withPanel(
      lines(
        "Loss over the baseline's, by steps ahead",
        [[against('tidecast_forecast_horizon_wql', ', steps'), '{{pipeline}} {{steps}}']],
        { unit: 'share', min: 0 },
      ),
    )
    .withPanel(lines('MASE, by steps ahead', [byHorizon('tidecast_forecast_horizon_mase')], { min: 0 }))
    .withPanel(
      lines('Coverage, by steps ahead', [byHorizon('tidecast_forecast_horizon_coverage_ratio')], {
        unit: 'share',
        min: 0,
        max: 1,
      }),
    )
    .withRow(new RowBuilder('Symbols'))
    .withPanel(
      lines('Log-loss, nats', [bySource('tidecast_symbol_log_loss_nats')], {
        min: 0,
        span: 12,
        description: 'Of pipelines of symbols: −log of the probability of what came.',
      }),
    )
    .withPanel(
      lines('Most probable symbol was right', [bySource('tidecast_symbol_accuracy_ratio')], {
        unit: 'share',
        min: 0,
        max: 1,
        span: 12,
      }),
    )
}

/** Where processes share a pipeline each scores its own partitions: their mean. */
function against(metric: string, by = ''): string {
  const mean = (source: string): string => `avg by (pipeline${by}) (${metric}{${P}, source="${source}"})`
  return `${mean('published')} / ${mean('baseline')}`
}

function bySource(metric: string): Query {
  return [`avg by (pipeline, source) (${metric}{${P}})`, '{{pipeline}} {{source}}']
}

function byHorizon(metric: string): Query {
  return [`avg by (pipeline, steps) (${metric}{${P}, source="published"})`, '{{pipeline}} {{steps}}']
}
