import { collectDefaultMetrics, Registry } from 'prom-client'
import { systemClock } from '../ports/clock.js'
import type { Clock } from '../ports/clock.js'
import type { BackendInfo } from '../ports/engine.js'
import type { ConfigDrifted, ConfigLoaded, ConfigReloaded, HttpAnswered, ProcessEvent } from './events.js'
import { logLine } from './log-line.js'
import type { Logger, LoggerOptions } from './logger.js'
import { Loggers, type Component, type LogLevels } from './loggers.js'
import { createMetrics } from './metrics.js'
import type { Metrics } from './metrics.js'
import { PipelineTelemetry } from './pipeline-telemetry.js'

export interface TelemetryOptions extends LoggerOptions, LogLevels {
  readonly version: string
  readonly clock?: Clock
}

export interface Telemetry {
  /** Of lines that belong to no component. */
  readonly logger: Logger
  component(name: Exclude<Component, 'pipelines' | 'training'>): Logger
  readonly registry: Registry
  /** The same object for the same name. */
  pipeline(name: string): PipelineTelemetry
  /** Drops a pipeline's metrics: what it was last is no longer so. */
  forget(pipeline: string): Promise<void>
  engine(backend: BackendInfo): void
  http(fields: Omit<HttpAnswered, 'kind'>): void
  configLoaded(fields: Omit<ConfigLoaded, 'kind'>): void
  configDrift(fields: Omit<ConfigDrifted, 'kind'>): void
  configReloaded(fields: Omit<ConfigReloaded, 'kind'>): void
  /** From now on. */
  logFrom(levels: LogLevels): void
  /** What a scrape returns; `registry` alone would report ages as of the last scrape. */
  metricsText(): Promise<string>
}

/** Gauges that are named like counters; the same is in those without "_total", by kind. */
const MISNAMED = ['handles', 'requests', 'resources'].map((what) => `nodejs_active_${what}_total`)

export function createTelemetry({ version, clock = systemClock, ...logging }: TelemetryOptions): Telemetry {
  const loggers = new Loggers(logging)
  const logger = loggers.root
  const components = {
    config: loggers.of('config'),
    http: loggers.of('http'),
    broker: loggers.of('broker'),
    engine: loggers.of('engine'),
  }
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  for (const name of MISNAMED) registry.removeSingleMetric(name)
  const metrics = createMetrics(registry)
  metrics.build.set({ version }, 1)
  const pipelines = new Map<string, PipelineTelemetry>()

  const emit = (part: keyof typeof components, event: ProcessEvent): void => {
    record(metrics, event, clock)
    const line = logLine(event)
    if (line !== null) components[part][line.level](line.fields, line.message)
  }

  return {
    logger,
    registry,
    component: (name) => components[name],
    pipeline(name) {
      const telemetry = pipelines.get(name) ?? new PipelineTelemetry(name, metrics, loggers, clock)
      pipelines.set(name, telemetry)
      return telemetry
    },
    async forget(name) {
      const { logger: own, trainingLogger } = pipelines.get(name) ?? {}
      for (const one of [own, trainingLogger]) if (one !== undefined) loggers.forget(one)
      pipelines.delete(name)
      for (const metric of Object.values(metrics) as readonly Labelled[]) {
        for (const { labels } of (await metric.get()).values) {
          const { le: _, ...own } = labels as Record<string, string>
          if (own['pipeline'] === name) metric.remove(own)
        }
      }
    },
    engine: (backend) => emit('engine', { kind: 'engine-started', backend }),
    configLoaded: (fields) => emit('config', { kind: 'config-loaded', ...fields }),
    configDrift: (fields) => emit('config', { kind: 'config-drifted', ...fields }),
    configReloaded: (fields) => emit('config', { kind: 'config-reloaded', ...fields }),
    logFrom: (levels) => loggers.change(levels),
    http: (fields) => emit('http', { kind: 'http-answered', ...fields }),
    metricsText() {
      for (const telemetry of pipelines.values()) telemetry.updateAges()
      return registry.metrics()
    },
  }
}

/** What all kinds of metrics have in common here. */
interface Labelled {
  get(): Promise<{ readonly values: readonly { readonly labels: object }[] }>
  remove(labels: Readonly<Record<string, string>>): void
}

function record(metrics: Metrics, event: ProcessEvent, clock: Clock): void {
  switch (event.kind) {
    case 'engine-started': {
      const { name, version, devices, signalsBlocked } = event.backend
      // A backend that was started anew replaces the one before: two info metrics at 1 would say that both run.
      metrics.engineBackend.reset()
      metrics.engineBackend.set(
        { name, version, devices: devices.join(','), signals_blocked: String(signalsBlocked) },
        1,
      )
      return
    }
    case 'config-loaded':
      metrics.configHash.set(parseInt(event.hash, 16))
      metrics.configReloadSuccess.set(1)
      metrics.configReloadTime.set(clock.now() / 1000)
      return
    case 'config-drifted':
      metrics.configDrift.set(event.drift ? 1 : 0)
      return
    case 'config-reloaded': {
      const { outcome, hash } = event
      const successful = outcome.kind === 'applied' || outcome.kind === 'unchanged'
      metrics.configReloads.inc({ outcome: outcome.kind })
      metrics.configReloadSuccess.set(successful ? 1 : 0)
      if (successful) metrics.configReloadTime.set(clock.now() / 1000)
      metrics.configHash.set(parseInt(hash, 16))
      return
    }
    case 'http-answered':
      metrics.httpRequests.inc({ method: event.method, route: event.route, status: String(event.status) })
      metrics.httpSeconds.observe({ route: event.route }, event.seconds)
  }
}
