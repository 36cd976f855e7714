import {
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
  type DashboardBuilder,
  type DynamicConfigValue,
} from '@grafana/grafana-foundation-sdk/dashboard'
import * as table from '@grafana/grafana-foundation-sdk/table'
import { API, ApiQuery, jsonQuery, type Column } from './infinity.js'
import { dashboard, labelValues, lines, pipelines } from './parts.js'

const AT = '/api/v1/pipelines/${pipeline}/series'
const NAMED = 'pipeline="$pipeline", series=~"$named"'

const time: Column = { selector: 'time', text: 'Time', type: 'timestamp_epoch' }
const CHART: readonly Column[] = [
  time,
  ...['observed', 'lower', 'median', 'upper', 'fanLower', 'fanMedian', 'fanUpper'].map(number),
]

/** Single series: what came against what had been forecast for it, and what is forecast now. */
export function series(): DashboardBuilder {
  return dashboard('series', 'Series', 'A series, what had been forecast for it, and what is forecast now.')
    .withVariable(new DatasourceVariableBuilder('api').label('Tidecast').type(API.type))
    .withVariable(pipelines(false))
    .withVariable(
      new QueryVariableBuilder('series')
        .label('Series')
        .datasource(API)
        .query({
          queryType: 'infinity',
          refId: 'names',
          infinityQuery: {
            refId: 'names',
            ...jsonQuery(`${AT}?sort=newest&limit=1000`, 'items', [
              { selector: 'series', text: 'series', type: 'string' },
            ]),
          },
        })
        .refresh(VariableRefresh.OnTimeRangeChanged),
    )
    .withVariable(
      labelValues('series', 'Named series', 'tidecast_series_observed_value{pipeline="$pipeline"}')
        .name('named')
        .multi(true)
        .includeAll(true)
        .current({ selected: true, text: 'All', value: '$__all' }),
    )
    .time({ from: 'now-7d', to: 'now+2d' })
    .withRow(new RowBuilder('Any series, from the daemon, by the time of its observations'))
    .withPanel(
      banded(
        lines('$series', [], {
          span: 24,
          description: 'What came, what had been forecast for it one step before, and what is forecast now.',
        })
          .datasource(API)
          .height(12)
          .targets([
            new ApiQuery(
              jsonQuery(
                `${AT}/chart?series=\${series:percentencode}&from=\${__from}&to=\${__to}&limit=5000&step=1`,
                'rows',
                CHART,
              ),
            ),
          ]),
        [
          ['lower', 'upper', 'had been forecast'],
          ['fanLower', 'fanUpper', 'is forecast'],
        ],
      ),
    )
    .withPanel(worst('Forecast worst', 'error'))
    .withPanel(worst('Longest silent', 'stale'))
    .withRow(new RowBuilder('Series named in metrics.series, from Prometheus, by the time of the scrape'))
    .withPanel(
      banded(
        lines(
          '$named',
          [
            [`tidecast_series_observed_value{${NAMED}}`, 'observed'],
            [`tidecast_series_forecast_value{${NAMED}, level="lower"}`, 'lower'],
            [`tidecast_series_forecast_value{${NAMED}, level="median"}`, 'median, {{steps}} before'],
            [`tidecast_series_forecast_value{${NAMED}, level="upper"}`, 'upper'],
          ],
          { span: 24 },
        )
          .repeat('named')
          .repeatDirection('v'),
        [['lower', 'upper', 'had been forecast']],
      ),
    )
    .withPanel(
      lines(
        'Age of the newest observation',
        [[`time() - tidecast_series_observed_timestamp_seconds{${NAMED}}`, '{{series}}']],
        { unit: 'seconds', span: 12 },
      ),
    )
    .withPanel(
      lines(
        'Error of the median',
        [
          [
            `abs(tidecast_series_observed_value{${NAMED}} - on (instance, pipeline, series) tidecast_series_forecast_value{${NAMED}, level="median"})`,
            '{{series}}',
          ],
        ],
        { span: 12 },
      ),
    )
}

function number(name: string): Column {
  return { selector: name, text: name, type: 'number' }
}

/** Bands between the lower and the upper line of each pair. */
function banded(
  panel: ReturnType<typeof lines>,
  bands: readonly (readonly [lower: string, upper: string, what: string])[],
): ReturnType<typeof lines> {
  for (const [lower, upper, what] of bands) {
    const faint: DynamicConfigValue[] = [{ id: 'custom.lineWidth', value: 0 }]
    panel.overrideByName(lower, [...faint, { id: 'displayName', value: `${what}: lowest quantile` }])
    panel.overrideByName(upper, [
      ...faint,
      { id: 'custom.fillBelowTo', value: `${what}: lowest quantile` },
      { id: 'custom.fillOpacity', value: 20 },
      { id: 'displayName', value: `${what}: highest quantile` },
    ])
  }
  return panel
}

/** The first series in one of the daemon's orders. */
function worst(title: string, order: string): table.PanelBuilder {
  const columns: readonly Column[] = [
    { selector: 'series', text: 'Series', type: 'string' },
    { selector: 'lastAt', text: 'Newest', type: 'timestamp_epoch' },
    { selector: 'lastValue', text: 'Value', type: 'number' },
    { selector: 'mase', text: 'MASE', type: 'number' },
    { selector: 'coverage', text: 'Coverage', type: 'number' },
    { selector: 'anomalyScore', text: 'Anomaly score', type: 'number' },
  ]
  return new table.PanelBuilder()
    .title(title)
    .datasource(API)
    .targets([new ApiQuery(jsonQuery(`${AT}?sort=${order}&limit=20`, 'items', columns))])
    .span(12)
    .height(10)
}
