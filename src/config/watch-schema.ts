import type { SettingsOf } from './setting.js'
import type { PipelineConfig } from './types.js'

/** Intervals that follow what comes. */
export const calibrationSchema: SettingsOf<PipelineConfig['calibration']> = {
  enabled: {
    doc: 'Widen and narrow the intervals until they cover what they claim to.',
    format: 'boolean',
    reload: 'live',
    default: true,
  },
  rate: {
    doc: 'How fast calibration follows; larger adapts sooner and wavers more.',
    format: 'number',
    reload: 'live',
    min: 0,
    max: 1,
    default: 0.02,
  },
}

/** What is reported of observations far outside their forecast. */
export const anomaliesSchema: SettingsOf<PipelineConfig['anomalies']> = {
  enabled: {
    doc: 'Report observations far outside what was forecast of them one step before; scores are there in any case.',
    reload: 'live',
    format: 'boolean',
    default: true,
  },
  topic: {
    doc: 'Topic that reports are written to, as JSON, exactly once like forecasts; pipelines may share one.',
    reload: 'pipeline-restart',
    format: 'topic',
    default: null,
    defaultText: 'none: they are only counted',
  },
  minScore: {
    doc: 'Least score that is reported: distance from the median over the half-width of the outermost interval on that side, so that 1 is its edge. Of normal errors, 3 half-widths of an 80 % interval are exceeded once in 8,000 observations.',
    reload: 'live',
    format: 'number',
    min: 1,
    max: 1e6,
    default: 3,
  },
  consecutive: {
    doc: 'How many observations of a series in a row must score so much before the last of them is reported, and each after it.',
    reload: 'live',
    format: 'integer',
    min: 1,
    max: 1000,
    default: 1,
  },
  cooldown: {
    doc: 'Time of the stream after a report in which none of the same series is made.',
    reload: 'live',
    format: 'duration',
    default: 0,
  },
}

/** Series that have fallen silent. */
export const staleSchema: SettingsOf<PipelineConfig['stale']> = {
  after: {
    doc: 'Intervals without an observation, while others of its partition go on, after which a series counts as stale: `tidecast_stale_series`, `/api/v1/problems` and the list of series tell of it. Without effect where the interval is "observations".',
    reload: 'live',
    format: 'integer',
    min: 1,
    max: 1_000_000,
    default: 3,
  },
}

/** Series that have metrics of their own. */
export const metricsSchema: SettingsOf<PipelineConfig['metrics']> = {
  series: {
    doc: 'Names of series whose observed values, and what had been forecast for them, are metrics of their own, such as ["north", "south"]: for dashboards and alerts. At most 20; not of symbols.',
    reload: 'live',
    format: 'names',
    default: [],
    defaultText: 'none',
  },
  step: {
    doc: 'How many steps before an observation the forecast was made that is shown beside it. Beyond a horizon of 24, the next smaller one of about ten that are scored.',
    reload: 'live',
    format: 'integer',
    min: 1,
    max: 1000,
    default: 1,
  },
}
