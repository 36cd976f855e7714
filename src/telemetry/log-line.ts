import type { PlanReport } from '../ports/control/config.js'
import type { ConfigReloaded, ModelChanged, PipelineEvent, ProcessEvent } from './events.js'
import type { TrainingOutcome } from './training-events.js'
import type { LogLevel } from './logger.js'

export interface LogLine {
  readonly level: LogLevel
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** What the log says about an event; null where only the metrics speak. */
export function logLine(event: PipelineEvent | ProcessEvent): LogLine | null {
  switch (event.kind) {
    case 'wave-stepped':
    case 'states-measured':
    case 'phase-measured':
    case 'holdings-measured':
    case 'series-read':
    case 'accuracy-measured':
    case 'drift-measured':
    case 'shadow-measured':
    case 'training-state':
    case 'training-dynamics':
      return null
    case 'covariates-read':
      return event.unused === 0
        ? null
        : line('warn', 'records of covariates known ahead could not be used', event)
    case 'batch-settled':
      return line('trace', 'batch settled', event)
    case 'batch-failed': {
      const { error: err, partition, reason } = event
      return line('error', 'batch failed and will be delivered again', { partition, reason, err })
    }
    case 'broker-trouble':
      return event.trouble === null
        ? line('info', 'the broker does what it is asked for', {})
        : line('warn', 'waiting for the broker', { reason: event.trouble })
    case 'records-lost':
      return line('error', 'input was deleted before it was consumed; going on at the oldest record', event)
    case 'snapshot-written':
      return line('debug', 'snapshot written', event)
    case 'partition-restored':
      return line('info', 'partition restored', event)
    case 'topic-replaced':
      return line(
        'warn',
        'the topic was deleted and made anew: its states are dropped, and it is begun anew',
        event,
      )
    case 'model-changed':
      return line(event.cause === 'dropped' ? 'warn' : 'info', modelMessage(event), {})
    case 'drift-detected': {
      const { at, sign, value, usual } = event
      const fields = { ...event, at: new Date(at).toISOString() }
      const size = `to ${value.toFixed(2)} of the naive error, usually ${usual.toFixed(2)}`
      const what = {
        error: `errors one step ahead have grown ${size}`,
        change: `the differences from a long season before have grown ${size}`,
        shift: `the level has moved by ${value.toFixed(2)} of the naive error, errors are usually ${usual.toFixed(2)}`,
      }
      return line('warn', `drift: ${what[sign]}`, fields)
    }
    case 'set-aside': {
      const since = new Date(event.since).toISOString()
      return line('warn', `version ${event.version} is set aside for the baseline`, { ...event, since })
    }
    case 'shadow-ended': {
      const { version, why } = event
      const fate = why === null ? 'is better live too' : `refused after its shadow: ${why}`
      return line('info', `version ${version} ${fate}`, event)
    }
    case 'former-recovered': {
      const { version } = event
      return line(
        'info',
        `version ${version}, which was set aside, does better than the baseline again`,
        event,
      )
    }
    case 'training-started':
      return line('info', 'training started', event)
    case 'training-progress':
      return line('debug', 'training', event)
    case 'training-advised':
      return line('warn', `training: ${event.advice}`, {})
    case 'training-finished':
      return outcomeLine(event.outcome, event.seconds)
    case 'engine-started':
      // A fallback costs a multiple of the speed, so it is never silent.
      return line(event.backend.fallbacks.length > 0 ? 'warn' : 'info', 'engine started', event.backend)
    case 'config-loaded':
      return null
    case 'config-drifted':
      return event.drift
        ? line('info', 'the configuration files say something else than what runs', {})
        : null
    case 'config-reloaded':
      return reloadLine(event)
    case 'http-answered':
      return line(event.status >= 500 ? 'warn' : 'debug', 'request answered', event)
  }
}

function line(level: LogLevel, message: string, event: object): LogLine {
  const fields: Record<string, unknown> = { ...event }
  delete fields['kind']
  return { level, message, fields }
}

function reloadLine({ cause, outcome, seconds, hash }: ConfigReloaded): LogLine {
  const kept = 'the old configuration goes on'
  switch (outcome.kind) {
    case 'unchanged':
      return line('info', 'configuration reloaded: nothing has changed', { cause, hash })
    case 'applied':
      return line('info', 'configuration reloaded', { cause, seconds, hash, changes: told(outcome.report) })
    case 'refused':
      return line('warn', `reload refused: ${kept}`, { cause, hash, changes: told(outcome.report) })
    case 'failed':
      return line('error', `reload failed: ${kept}`, { cause, hash, reason: outcome.why })
    case 'invalid': {
      const problems = outcome.problems.map(
        ({ path, expected, source }) =>
          `${path === '' ? '' : `${path}: `}expected ${expected}${source === undefined ? '' : ` [${source}]`}`,
      )
      return line('error', `reload refused, the configuration has problems: ${kept}`, {
        cause,
        hash,
        problems,
      })
    }
  }
}

function told({ changes }: PlanReport): string[] {
  return changes.map(({ path, effect }) => `${path}: ${effect}`)
}

function modelMessage({ version, cell, cause }: ModelChanged): string {
  const name = version === 0 ? 'the baseline' : `${cell}@${version}`
  switch (cause) {
    case 'loaded':
      return `forecasting with ${name}`
    case 'promoted':
      return `${name} takes over`
    case 'followed':
      return `${name} takes over, as another process of the group has decided`
    case 'dropped':
      return `back to ${name}: the network no longer beats the baseline`
  }
}

function outcomeLine(outcome: TrainingOutcome, seconds: number): LogLine {
  switch (outcome.kind) {
    case 'promoted':
      return line('info', `training made ${outcome.cell}@${outcome.version}`, {
        seconds,
        scores: outcome.scores,
        ...outcome.verdict,
      })
    case 'refused':
    case 'approved': {
      const { version, reason, scores, verdict } = outcome
      const fate = reason === 'in-shadow' ? 'begins in the shadow' : 'waits to be promoted'
      const message =
        outcome.kind === 'refused'
          ? `trained network refused: ${reason}`
          : `version ${version} is better, and ${fate}`
      return line('info', message, { seconds, version, scores, ...verdict })
    }
    case 'failed': {
      // Too little data is the ordinary state of a young topic, not something to look into.
      const level = outcome.reason === 'too-little-data' || outcome.reason === 'aborted' ? 'info' : 'error'
      return line(level, `training failed: ${outcome.reason}`, { seconds, err: outcome.error })
    }
  }
}
