import {
  BigValueGraphMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import {
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkType,
  DashboardLinkBuilder,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus'
import * as stat from '@grafana/grafana-foundation-sdk/stat'
import * as table from '@grafana/grafana-foundation-sdk/table'
import * as timeseries from '@grafana/grafana-foundation-sdk/timeseries'

export const PROMETHEUS = { type: 'prometheus', uid: '${datasource}' }
/** Matcher of the pipelines that are looked at. */
export const P = 'pipeline=~"$pipeline"'
/** What rates are taken over. */
export const RATE = '$__rate_interval'

const UNITS = { number: 'short', seconds: 's', bytes: 'bytes', share: 'percentunit', rate: 'cps' } as const

/** A query, and how its series are named: `{{label}}` stands for a label's value. */
export type Query = readonly [expr: string, legend: string]

export interface Look {
  readonly unit?: keyof typeof UNITS
  readonly min?: number
  readonly max?: number
  /** Columns of 24. */
  readonly span?: number
  /** What is to be known to read it. */
  readonly description?: string
}

/** A panel of lines over time. */
export function lines(title: string, queries: readonly Query[], look: Look = {}): timeseries.PanelBuilder {
  const { unit = 'number', min, max, span = 8, description } = look
  const panel = new timeseries.PanelBuilder()
    .title(title)
    .datasource(PROMETHEUS)
    .targets(queries.map((query, i) => promQuery(query, i).range()))
    .unit(UNITS[unit])
    .span(span)
    .height(8)
    .showPoints(VisibilityMode.Never)
    .legend(
      new VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending))
  if (min !== undefined) panel.min(min)
  if (max !== undefined) panel.max(max)
  return description === undefined ? panel : panel.description(description)
}

/** A panel with a number for each series of its query, as it is now. */
export function figures(title: string, query: Query, look: Look = {}): stat.PanelBuilder {
  const { unit = 'number', span = 4, description } = look
  const panel = new stat.PanelBuilder()
    .title(title)
    .datasource(PROMETHEUS)
    .targets([promQuery(query, 0).instant()])
    .unit(UNITS[unit])
    .span(span)
    .height(4)
    .graphMode(BigValueGraphMode.None)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']))
  return description === undefined ? panel : panel.description(description)
}

/** A panel with a row for each series of its query, as it is now, and a column for each of these labels. */
export function listed(
  title: string,
  expr: string,
  columns: Readonly<Record<string, string>>,
  span = 12,
): table.PanelBuilder {
  return new table.PanelBuilder()
    .title(title)
    .datasource(PROMETHEUS)
    .targets([promQuery([expr, ''], 0).instant().format(PromQueryFormat.Table)])
    .span(span)
    .height(8)
    .withTransformation({ id: 'filterFieldsByName', options: { include: { names: Object.keys(columns) } } })
    .withTransformation({ id: 'organize', options: { renameByName: columns } })
}

/** An empty dashboard with what all of ours have: data source, pipelines, links to each other. */
export function dashboard(uid: string, title: string, description: string): DashboardBuilder {
  return new DashboardBuilder(`Tidecast: ${title}`)
    .uid(`tidecast-${uid}`)
    .description(description)
    .tags(['tidecast'])
    .tooltip(DashboardCursorSync.Crosshair)
    .refresh('10s')
    .time({ from: 'now-1h', to: 'now' })
    .link(
      new DashboardLinkBuilder('Tidecast')
        .type(DashboardLinkType.Dashboards)
        .tags(['tidecast'])
        .includeVars(true)
        .keepTime(true),
    )
    .withVariable(new DatasourceVariableBuilder('datasource').label('Prometheus').type('prometheus'))
}

/** Pipelines to choose from. @param several any number of them, all at first */
export function pipelines(several: boolean): QueryVariableBuilder {
  const variable = labelValues('pipeline', 'Pipeline', 'tidecast_pipeline_state')
  return several
    ? variable.multi(true).includeAll(true).current({ selected: true, text: 'All', value: '$__all' })
    : variable
}

/** A label's values to choose from. @param of metric, with matchers */
export function labelValues(label: string, title: string, of: string): QueryVariableBuilder {
  return new QueryVariableBuilder(label)
    .label(title)
    .datasource(PROMETHEUS)
    .query({ query: `label_values(${of}, ${label})`, refId: 'values' })
    .definition(`label_values(${of}, ${label})`)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.NaturalAsc)
}

function promQuery([expr, legend]: Query, place: number): DataqueryBuilder {
  return new DataqueryBuilder()
    .datasource(PROMETHEUS)
    .expr(expr)
    .legendFormat(legend)
    .refId(String.fromCharCode('A'.charCodeAt(0) + place))
}
