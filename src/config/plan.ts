import { changesIn, diffConfig, type Change, type ConfigDiff } from './diff.js'
import { RELOAD_TEXTS } from './reload-class.js'
import type { PlanReport } from '../ports/control/config.js'
import type { Config } from './types.js'
import { configHash } from './values.js'

/** What a reload would do. Pure: two configurations in, nothing but words and steps out. */
export interface ReloadPlan {
  readonly diff: ConfigDiff
  /** They need a restart of the process: while there are any, nothing is changed. */
  readonly refused: readonly Change[]
  /** Of the configuration that is planned. */
  readonly hash: string
}

export function planReload(before: Config, after: Config): ReloadPlan {
  const diff = diffConfig(before, after)
  return {
    diff,
    refused: changesIn(diff).filter(({ reload }) => reload === 'process-restart'),
    hash: configHash(after),
  }
}

export function reportPlan({ diff, refused, hash }: ReloadPlan): PlanReport {
  const whole = diff.pipelines.flatMap((one) =>
    one.kind === 'changed'
      ? []
      : [
          {
            path: `pipelines.${one.name}`,
            before: one.kind === 'removed' ? one.name : null,
            after: one.kind === 'added' ? one.name : null,
            reload: one.kind,
            effect:
              one.kind === 'removed'
                ? 'pipeline stopped; its topics, states and models stay'
                : 'pipeline started; goes on from what is stored under its name, if anything is',
          },
        ],
  )
  const single = changesIn(diff).map((change) => ({ ...change, effect: effectOf(change) }))
  return { hash, possible: refused.length === 0, changes: [...whole, ...single] }
}

/** A plan as people read it, one line for each change. */
export function describePlan(report: PlanReport): string[] {
  return report.changes.map(({ path, before, after, reload, effect }) => {
    if (reload === 'added') return `+ ${path}: ${effect}`
    if (reload === 'removed') return `- ${path}: ${effect}`
    return `${reload === 'process-restart' ? '!' : '~'} ${path}: ${text(before)} -> ${text(after)}: ${effect}`
  })
}

function effectOf({ path, reload, after }: Change): string {
  if (!path.endsWith('.paused')) return RELOAD_TEXTS[reload]
  return after === true ? 'pipeline stopped, states kept' : 'pipeline started from its snapshot'
}

function text(value: unknown): string {
  return value === null ? 'none' : typeof value === 'string' ? value : JSON.stringify(value)
}
