import type { Certificate } from './certificate.js'
import { holidayDays } from './holidays.js'
import type { PipelineSettings } from './pipeline-schema.js'
import type { DaemonSettings } from './schema.js'
import type { Config, PipelineConfig } from './types.js'

/** What follows from `kind` where it is left out. Of symbols nothing else is possible: see rules.ts. */
const NUMBERS = { interval: 3_600_000, season: { short: 24, long: 168 }, horizon: 24 }
const SYMBOLS = { interval: 0, season: { short: 1, long: 1 }, horizon: 1 }

/** The names that were left out follow from the pipeline's own. */
export function toPipeline(name: string, settings: PipelineSettings): PipelineConfig {
  const { calendar, covariates, futureCovariates: ahead } = settings
  const byKind = settings.kind === 'symbols' ? SYMBOLS : NUMBERS
  return {
    ...settings,
    name,
    interval: settings.interval ?? byKind.interval,
    season: settings.season ?? byKind.season,
    horizon: settings.horizon ?? byKind.horizon,
    topic: settings.topic ?? name,
    output: settings.output ?? `${name}.forecasts`,
    deadLetter: settings.deadLetter ?? `${name}.dead-letters`,
    calendar: { ...calendar, days: holidayDays(calendar.holidays) },
    futureCovariates: { ...ahead, names: ahead.topic === null ? [] : (ahead.names ?? covariates) },
  }
}

/** Wherever each came from. */
export interface Secrets {
  readonly token: string | null
  readonly tls: Certificate | null
  readonly password: string | null
  readonly clientSecret: string | null
}

/** Where the file's names differ from the program's: a file needs no unit in a name, a number does. */
export function toConfig(
  settings: DaemonSettings,
  { token, tls, password, clientSecret }: Secrets,
  pipelines: readonly PipelineConfig[],
): Config {
  const { http, broker, ...rest } = settings
  const { sasl } = broker.kafka
  return {
    ...rest,
    http: {
      host: http.host,
      port: http.port,
      ...(token === null ? {} : { token }),
      tls,
      maxBodyBytes: http.maxBody,
      maxRecordsPerRequest: http.maxRecordsPerRequest,
    },
    broker: {
      kind: broker.kind,
      embedded: {
        mapSizeBytes: broker.embedded.mapSize,
        retentionMs: broker.embedded.retention,
        retentionBytes: broker.embedded.retentionBytes,
      },
      kafka: { ...broker.kafka, sasl: { ...sasl, password, oauth: { ...sasl.oauth, clientSecret } } },
    },
    pipelines,
  }
}

export function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.values(value).forEach(freeze)
    Object.freeze(value)
  }
  return value
}
