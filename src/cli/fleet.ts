import { reversed, type PipelineDiff } from '../config/diff.js'
import type { PipelineConfig } from '../config/types.js'
import { formOf, Pipeline, type PipelineDependencies } from '../pipeline/pipeline.js'
import type { HoldOutcome } from '../ports/control/config.js'
import type { PipelineStatus } from '../ports/control.js'
import { modelLabel } from '../pipeline/active-model.js'
import type { Telemetry } from '../telemetry/telemetry.js'
import type { TrainingSupervisor } from '../training/supervisor.js'

export interface FleetDependencies extends Omit<PipelineDependencies, 'config' | 'telemetry' | 'retention'> {
  readonly telemetry: Telemetry
  readonly supervisor: TrainingSupervisor
}

interface Member {
  config: PipelineConfig
  /** `null` while it is paused, or could not be started. */
  pipeline: Pipeline | null
  /** Asked for over HTTP, whatever the configuration says; gone with the process. */
  held: boolean
  /** Why it could not be started; it is tried again. */
  trouble: string | null
}

/** The pipelines of this process, each of which is started, changed and stopped without the others noticing. */
export class Fleet {
  /** For topics that are created. */
  retention: PipelineDependencies['retention'] = {}
  private readonly members = new Map<string, Member>()
  /** Changes take turns. */
  private turn: Promise<unknown> = Promise.resolve()
  private retrying = false

  constructor(private readonly deps: FleetDependencies) {}

  /** Those at work, in the order of the configuration. */
  get running(): Pipeline[] {
    return [...this.members.values()].flatMap(({ pipeline }) => pipeline ?? [])
  }

  get(name: string): Pipeline | undefined {
    return this.members.get(name)?.pipeline ?? undefined
  }

  /** As it is configured now, whether it is at work or not. */
  configOf(name: string): PipelineConfig | undefined {
    return this.members.get(name)?.config
  }

  has(name: string): boolean {
    return this.members.has(name)
  }

  /** Tells the metrics in which state each pipeline is. */
  measurePhases(): void {
    for (const [name, { pipeline, trouble }] of this.members) {
      const phase = pipeline?.phase ?? restingPhase(trouble)
      const telemetry = this.deps.telemetry.pipeline(name)
      telemetry.phase(phase)
      if (pipeline === null) telemetry.trouble(trouble)
    }
  }

  statuses(): PipelineStatus[] {
    return [...this.members.values()].map((member) => member.pipeline?.status() ?? this.resting(member))
  }

  /** Why not all of them forecast, in words; those that are paused are not asked for. `null` when all do. */
  notReady(): string | null {
    const reasons = [...this.members].flatMap(([name, member]) => {
      const trouble = this.trouble(name)
      if (trouble !== null) return [`${name}: ${trouble}`]
      const { phase = 'running' } = member.pipeline?.status() ?? {}
      return phase === 'running' ? [] : [`${name}: ${phase}`]
    })
    return reasons.length === 0 ? null : reasons.join(', ')
  }

  /** Why a pipeline, or a part of it, is not at work, in words; `null` where nothing is in its way. */
  trouble(name: string): string | null {
    const { pipeline = null, trouble = null } = this.members.get(name) ?? {}
    return pipeline?.trouble ?? trouble
  }

  /**
   * Makes the changes one after the other. Where one fails, it and those before it are taken back, and what failed is
   * thrown; a pipeline that cannot even be started as it was is tried again.
   */
  apply(changes: readonly PipelineDiff[]): Promise<void> {
    return this.alone(async () => {
      const done: PipelineDiff[] = []
      try {
        for (const change of changes) {
          done.push(change)
          await this.make(change)
        }
      } catch (error) {
        for (const change of done.reverse()) {
          await this.make(reversed(change)).catch((cause: unknown) => {
            const { logger } = this.deps.telemetry.pipeline(change.name)
            logger.error({ err: cause }, 'cannot go on as it was; trying again')
          })
        }
        throw error
      }
    })
  }

  /** Adds a pipeline, and starts it unless it is paused. */
  async add(config: PipelineConfig): Promise<void> {
    const member: Member = { config, pipeline: null, held: false, trouble: null }
    this.members.set(config.name, member)
    if (!config.paused) await this.start(member)
  }

  private async make(change: PipelineDiff): Promise<void> {
    switch (change.kind) {
      case 'added':
        return this.add(change.after)
      case 'removed':
        return this.remove(change.name)
      case 'changed':
        return this.goesOn(change) ? this.reconfigure(change.after) : this.restart(change.after)
    }
  }

  /** Stops a pipeline, and forgets it; what it has stored stays. */
  private async remove(name: string): Promise<void> {
    const member = this.members.get(name)
    if (member === undefined) return
    await this.stop(member)
    this.members.delete(name)
    await this.deps.telemetry.forget(name)
  }

  /** Stops a pipeline and starts it again, from its last snapshot, as it is configured now. */
  private async restart(config: PipelineConfig): Promise<void> {
    const member = this.member(config.name)
    await this.stop(member)
    member.config = config
    if (!this.rests(member)) await this.start(member)
  }

  /** Changes a pipeline while it goes on consuming. */
  private async reconfigure(config: PipelineConfig): Promise<void> {
    const member = this.member(config.name)
    const { enabled } = member.config.training
    member.config = config
    await member.pipeline?.reconfigure(config)
    if (enabled && !config.training.enabled) await this.deps.supervisor.interrupt(config.name)
    if (this.rests(member)) await this.stop(member)
    else if (member.pipeline === null) await this.start(member)
  }

  /** Stops a pipeline until it is resumed, or starts it again. */
  hold(name: string, held: boolean): Promise<HoldOutcome> {
    return this.alone(async () => {
      const member = this.members.get(name)
      if (member === undefined) return { kind: 'unknown-pipeline' }
      if (member.config.paused && !held) {
        return { kind: 'not-possible', why: `pipelines.${name}.paused is true in the configuration` }
      }
      member.held = held
      if (held) await this.stop(member)
      else if (member.pipeline === null) await this.start(member)
      return { kind: 'done' }
    })
  }

  /** Starts pipelines that should be at work and are not; called about once a second. */
  retry(): void {
    const waiting = [...this.members.values()].filter(
      ({ pipeline, trouble }) => pipeline === null && trouble !== null,
    )
    if (waiting.length === 0 || this.retrying) return
    this.retrying = true
    void this.alone(async () => {
      for (const member of waiting) {
        if (member.pipeline !== null || this.rests(member)) continue
        await this.start(member).catch(() => undefined) // told by its trouble
      }
      this.retrying = false
    })
  }

  close(): Promise<void> {
    return this.alone(async () => {
      await Promise.all(this.running.map((pipeline) => pipeline.stop()))
    })
  }

  private async start(member: Member): Promise<void> {
    const { config } = member
    const { retention } = this
    const relaunch = (): void => void this.relaunch(member, pipeline)
    const { telemetry, supervisor, ...shared } = this.deps
    const pipeline = new Pipeline({
      config,
      retention,
      relaunch,
      telemetry: telemetry.pipeline(config.name),
      ...shared,
    })
    try {
      await pipeline.start()
    } catch (error) {
      member.trouble = error instanceof Error ? error.message : String(error)
      await pipeline.stop()
      throw error
    }
    member.trouble = null
    member.pipeline = pipeline
    supervisor.add(pipeline)
  }

  /** Another network wants other states. */
  private relaunch(member: Member, pipeline: Pipeline): Promise<void> {
    return this.alone(async () => {
      if (member.pipeline === pipeline) await this.restart(member.config)
    }).catch((error: unknown) => {
      const { logger } = this.deps.telemetry.pipeline(member.config.name)
      logger.error({ err: error }, 'cannot be started; trying again')
    })
  }

  private async stop(member: Member): Promise<void> {
    const { pipeline } = member
    member.pipeline = null
    member.trouble = null
    if (pipeline === null) return
    await this.deps.supervisor.remove(member.config.name)
    await pipeline.stop()
  }

  private alone<T>(work: () => Promise<T>): Promise<T> {
    const result = this.turn.then(work)
    this.turn = result.catch(() => undefined)
    return result
  }

  /** Whether a change needs neither another consumption nor other states. */
  private goesOn({ name, reload, after }: Extract<PipelineDiff, { kind: 'changed' }>): boolean {
    if (reload !== 'live' && reload !== 'retrain') return false
    return this.member(name).pipeline?.takes(after) ?? true
  }

  private rests({ config, held }: Member): boolean {
    return config.paused || held
  }

  private member(name: string): Member {
    const member = this.members.get(name)
    if (member === undefined) throw new Error(`there is no pipeline "${name}"`)
    return member
  }

  private resting({ config, trouble }: Member): PipelineStatus {
    const { name, topic, output } = config
    return {
      name,
      topic,
      output,
      form: formOf(config),
      model: modelLabel(this.deps.models.champion(name) ?? 0, config.model.cell),
      phase: restingPhase(trouble),
      training: 'off',
      records: 0,
      recordsPerSecond: 0,
      lag: 0,
      series: 0,
      rejected: 0,
      stale: { count: 0, longest: null },
      accuracy: null,
    }
  }
}

function restingPhase(trouble: string | null): 'paused' | 'failed' {
  return trouble === null ? 'paused' : 'failed'
}
