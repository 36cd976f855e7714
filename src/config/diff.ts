import { isDeepStrictEqual } from 'node:util'
import { RELOADS, type Reload } from './reload-class.js'
import type { Setting } from './setting.js'
import type { Config, PipelineConfig } from './types.js'
import { daemonValues, pipelineValues, printed, type Value } from './values.js'

/** A setting that has another value, and what it takes to get there. */
export interface Change {
  readonly path: string
  /** As a file would say them, secrets masked. */
  readonly before: unknown
  readonly after: unknown
  readonly reload: Reload
}

/** What becomes of a pipeline. */
export type PipelineDiff =
  | { readonly kind: 'added'; readonly name: string; readonly after: PipelineConfig }
  | { readonly kind: 'removed'; readonly name: string; readonly before: PipelineConfig }
  | {
      readonly kind: 'changed'
      readonly name: string
      readonly before: PipelineConfig
      readonly after: PipelineConfig
      readonly changes: readonly Change[]
      /** The most that any of the changes takes. */
      readonly reload: Reload
    }

export interface ConfigDiff {
  readonly daemon: readonly Change[]
  /** Removed ones first, then those that change, then new ones: a topic may pass from one to another. */
  readonly pipelines: readonly PipelineDiff[]
}

/** What differs between two configurations. Knows neither files nor a running daemon. */
export function diffConfig(before: Config, after: Config): ConfigDiff {
  const olds = new Map(before.pipelines.map((pipeline) => [pipeline.name, pipeline]))
  const news = new Map(after.pipelines.map((pipeline) => [pipeline.name, pipeline]))
  return {
    daemon: [...changesOf(daemonValues(before), daemonValues(after)), ...renewed(before, after)],
    pipelines: [
      ...before.pipelines
        .filter(({ name }) => !news.has(name))
        .map((old) => ({ kind: 'removed', name: old.name, before: old }) as const),
      ...after.pipelines.flatMap((pipeline) => {
        const old = olds.get(pipeline.name)
        return old === undefined ? [] : changed(old, pipeline)
      }),
      ...after.pipelines
        .filter(({ name }) => !olds.has(name))
        .map((pipeline) => ({ kind: 'added', name: pipeline.name, after: pipeline }) as const),
    ],
  }
}

/** Other certificates in the same files. */
function renewed({ http: { tls: before } }: Config, { http: { tls: after } }: Config): Change[] {
  if (before === null || after === null || before.fingerprint === after.fingerprint) return []
  const path = 'http.tls.cert'
  return [{ path, before: before.fingerprint, after: after.fingerprint, reload: 'live' }]
}

/** What takes a change back. */
export function reversed(change: PipelineDiff): PipelineDiff {
  const { name } = change
  switch (change.kind) {
    case 'added':
      return { kind: 'removed', name, before: change.after }
    case 'removed':
      return { kind: 'added', name, after: change.before }
    case 'changed':
      return { ...change, before: change.after, after: change.before }
  }
}

/** All changes of single settings. */
export function changesIn({ daemon, pipelines }: ConfigDiff): Change[] {
  return [...daemon, ...pipelines.flatMap((one) => (one.kind === 'changed' ? one.changes : []))]
}

function changed(before: PipelineConfig, after: PipelineConfig): PipelineDiff[] {
  const changes = changesOf(pipelineValues(before), pipelineValues(after))
  if (changes.length === 0) return []
  const reload = RELOADS[Math.max(...changes.map((change) => RELOADS.indexOf(change.reload)))] ?? 'live'
  return [{ kind: 'changed', name: after.name, before, after, changes, reload }]
}

function changesOf(before: ReadonlyMap<string, Value>, after: ReadonlyMap<string, Value>): Change[] {
  const changes: Change[] = []
  for (const [path, now] of after) {
    const was = before.get(path) ?? { ...now, value: undefined }
    if (isDeepStrictEqual(was.value ?? null, now.value ?? null)) continue
    changes.push({
      path,
      before: printed(was),
      after: printed(now),
      reload: reloadOf(now.setting, was.value, now.value),
    })
  }
  return changes
}

function reloadOf({ reload, narrowed }: Setting<unknown>, before: unknown, after: unknown): Reload {
  return narrowed !== undefined && isNarrower(before, after) ? narrowed : reload
}

function isNarrower(before: unknown, after: unknown): boolean {
  if (Array.isArray(before) && Array.isArray(after)) return after.every((one) => before.includes(one))
  return Number(after) < Number(before)
}
