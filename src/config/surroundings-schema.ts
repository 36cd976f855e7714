import type { PipelineSettings } from './pipeline-schema.js'
import type { SettingsOf } from './setting.js'

/** What is known of a step beside its value. */
export const surroundingsSchema: SettingsOf<
  Pick<PipelineSettings, 'calendar' | 'covariates' | 'futureCovariates'>
> = {
  calendar: {
    timeZone: {
      doc: 'Time zone in which the series live, as IANA names it ("Europe/Berlin"): hours and weekdays are those of its clocks, through daylight saving.',
      format: 'timeZone',
      reload: 'retrain',
      default: 'UTC',
    },
    holidays: {
      doc: 'Public holidays that networks are told of: countries, with a region where there are regional ones ("DE", "DE-BY", "US-MN"), and single dates ("2026-12-24"). Lists are made for 1970 to 2069.',
      format: 'holidays',
      reload: 'retrain',
      default: [],
    },
  },
  covariates: {
    doc: 'Names of further numbers in the records that networks read beside the value, such as a temperature. Missing ones are masked.',
    format: 'covariates',
    reload: 'retrain',
    default: [],
  },
  futureCovariates: {
    topic: {
      doc: 'Topic of covariates that are known ahead, such as a weather forecast: JSON `{"ts", "covariates": {…}}` under the key of the series, or "*" for all of them. Read by every process from its oldest record on.',
      format: 'topic',
      reload: 'retrain',
      default: null,
      defaultText: 'none',
    },
    names: {
      doc: 'Which of `covariates` are known ahead.',
      format: 'covariates',
      reload: 'retrain',
      default: null,
      defaultText: 'all of `covariates` where there is a topic',
    },
    refreshEvery: {
      doc: 'Least time between two looks at the topic; "0s" looks before every batch.',
      format: 'duration',
      reload: 'pipeline-restart',
      max: 86_400_000,
      default: 1000,
    },
    maxValues: {
      doc: 'Grid steps of all series together whose covariates are kept in memory, some 150 bytes each; beyond that those of the oldest time stamps go.',
      format: 'integer',
      reload: 'pipeline-restart',
      min: 1000,
      max: 10_000_000,
      default: 250_000,
    },
  },
}
