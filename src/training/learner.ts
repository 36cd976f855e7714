import { prunable } from '../core/retention.js'
import type { LearningStatus, TrainOutcome } from '../ports/control/learning.js'
import type { ModelStore } from '../ports/model-store.js'
import type { Clock } from '../ports/clock.js'
import type { PipelineTelemetry } from '../telemetry/pipeline-telemetry.js'
import { Admission, type Note } from './admission.js'
import { BehindBaseline } from './behind.js'
import { trainCandidate } from './candidate.js'
import { digits, waitingText } from './learning-text.js'
import { Follow } from './follow.js'
import { TrainerFailure, type LaunchTrainer, type TrainingJob } from './protocol.js'
import { Shadowing } from './shadowing.js'
import type { Trainable } from './trainable.js'
import { dueTraining, type Due, type Waiting } from './triggers.js'

export interface LearnerOptions {
  readonly models: ModelStore
  readonly launch: LaunchTrainer
  readonly job: Pick<TrainingJob, 'log' | 'registry' | 'backend'>
  readonly telemetry: PipelineTelemetry
  readonly clock: Clock
}

/** Data that still grow faster than this share in so many ms are history being caught up with: training waits. */
const SETTLED_GROWTH = 0.02
const SETTLED_MS = 5_000

/** One pipeline's learning: when it is due, one training from its start to its outcome, and what is known of it. */
export class Learner {
  private readonly seen: { at: number; total: number }[] = []
  private readonly behind: BehindBaseline
  private asked: string | null = null
  /** After a failure: observations before which nothing is tried again. */
  private pausedUntil = 0
  private reason: string | null = null
  private readonly follow: Follow
  private readonly shadowing: Shadowing
  private readonly admission: Admission
  private running = false
  private leaving = false
  private next: Due | Waiting = {}

  constructor(
    readonly pipeline: Trainable,
    private readonly options: LearnerOptions,
  ) {
    const { enabled } = pipeline.config.training
    this.behind = new BehindBaseline(pipeline)
    this.follow = new Follow(options.telemetry, (what) => (pipeline.training = what))
    const note: Note = (decision) => this.note(decision)
    this.shadowing = new Shadowing(pipeline, options, note)
    this.admission = new Admission(pipeline, options, note)
    options.telemetry.training({ kind: 'training-state', state: enabled ? 'waiting' : 'off' })
  }

  get log(): PipelineTelemetry['logger'] {
    return this.options.telemetry.trainingLogger
  }

  /** A training that a person wants; it is due at once. */
  ask(note: string): TrainOutcome {
    const { config, trainsHere } = this.pipeline
    if (!config.training.enabled) return { kind: 'not-here', why: 'training.enabled is false' }
    if (!trainsHere) return { kind: 'not-here', why: 'the process that owns partition 0 trains' }
    if (this.pipeline.config.kind === 'symbols' && this.pipeline.version !== 0 && this.pipeline.complete) {
      return { kind: 'not-here', why: 'networks of symbols are not yet compared with the one in use' }
    }
    if (this.running) return { kind: 'running' }
    const shadow = this.shadowing.pending()
    if (shadow !== null) {
      return {
        kind: 'not-here',
        why: `version ${shadow} runs in the shadow, and is to be decided about first`,
      }
    }
    this.asked = note
    return { kind: 'queued' }
  }

  /** What is to be trained now, and why; `null` while nothing is due. */
  due(): Due | null {
    const { pipeline } = this
    const { config } = pipeline
    if (!config.training.enabled || this.running) return null
    if (!pipeline.trainsHere) {
      pipeline.training = 'left to the process that owns partition 0'
      return null
    }
    // Without a gate against it, the network in use stays.
    if (config.kind === 'symbols' && pipeline.version !== 0 && pipeline.complete) return null
    if (this.shadowing.pending() !== null) return null
    if (this.asked !== null) return { reason: 'manual', since: null }
    const { total } = pipeline.observations()
    const settled = this.settled(total)
    this.next = dueTraining(this.situation())
    if (!('reason' in this.next)) {
      if (pipeline.version === 0 || this.reason === null || !pipeline.complete)
        pipeline.training = waitingText(this.next)
      return null
    }
    if (total < this.pausedUntil) {
      pipeline.training = waitingText({ observations: this.pausedUntil - total })
      return null
    }
    // A network in use was trained on history: what comes late is little.
    if ((pipeline.version === 0 && !settled) || pipeline.lag > config.batch.maxRecords) {
      pipeline.training = 'waits until the history has been read'
      return null
    }
    pipeline.training = 'waits for its turn'
    return this.next
  }

  /** Looks after a network in the shadow, and sets aside one in use that has been behind the baseline for long enough. */
  async watch(): Promise<void> {
    await this.shadowing.watch()
    await this.watchChampion()
  }

  /** Sets a network aside that has been behind the baseline for long enough; its successor is due at once. */
  private async watchChampion(): Promise<void> {
    const { pipeline, options } = this
    if (!pipeline.trainsHere || this.running || this.leaving) return
    const scores = pipeline.liveScores()
    const since = this.behind.look(pipeline.version, pipeline.newest, scores, pipeline.losses())
    if (since === null || scores === null) return
    const { version } = pipeline
    this.leaving = true
    await pipeline.setAside().finally(() => (this.leaving = false))
    this.behind.forget()
    options.telemetry.training({
      kind: 'set-aside',
      version,
      published: scores.network,
      baseline: scores.baseline,
      since,
    })
    const figures = `WQL ${digits(scores.network.wql)} against the baseline's ${digits(scores.baseline.wql)}`
    pipeline.training = `set aside: ${figures}`
    await this.note({ reason: 'live', outcome: 'set-aside', version, why: figures, since })
  }

  async train(due: Due, stopping: AbortSignal): Promise<void> {
    const { pipeline, options } = this
    const { telemetry } = options
    const { champion } = this
    const started = performance.now()
    const seconds = (): number => (performance.now() - started) / 1000
    this.running = true
    this.asked = null
    this.reason = due.reason
    this.follow.begin()
    telemetry.training({ kind: 'training-state', state: 'running' })
    pipeline.training = `starting (${due.reason})`
    try {
      const candidate = await trainCandidate(
        pipeline,
        options,
        due,
        (reply) => this.follow.listen(reply, due.reason),
        stopping,
      )
      await this.admission.settle(candidate, due, seconds(), stopping, champion)
      this.pausedUntil = 0
      await this.prune()
    } catch (error) {
      const reason = stopping.aborted ? 'aborted' : error instanceof TrainerFailure ? error.reason : 'crashed'
      pipeline.training = `failed: ${reason}`
      telemetry.training({
        kind: 'training-finished',
        seconds: seconds(),
        outcome: { kind: 'failed', reason, error },
      })
      this.pausedUntil = pipeline.observations().total * (1 + pipeline.config.training.retryGrowth)
      const why = error instanceof Error ? `${reason}: ${error.message.split('\n')[0]}` : reason
      if (!stopping.aborted) await this.note({ reason: due.reason, outcome: 'failed', version: null, why })
    } finally {
      this.running = false
      this.follow.end()
      telemetry.training({ kind: 'training-state', state: 'waiting' })
    }
  }

  status(): LearningStatus {
    const { pipeline, options, next, follow } = this
    const { config } = pipeline
    const latest = options.models.list(config.name).at(-1)
    const waits = !this.running && !('reason' in next) && Object.keys(next).length > 0
    return {
      state: this.running ? 'running' : config.training.enabled ? 'waiting' : 'off',
      reason: this.reason,
      text: pipeline.training,
      progress: follow.progress,
      curve: this.running ? follow.curve : (latest?.report.curve ?? []),
      gradient: follow.gradient ?? latest?.report.gradients ?? null,
      drift: pipeline.drift(),
      shadow: this.shadowing.status(),
      nextDue: waits
        ? {
            ...(next.observations === undefined ? {} : { observations: next.observations }),
            ...(next.at === undefined ? {} : { at: new Date(next.at).toISOString() }),
          }
        : null,
      decisions: options.models.decisions(config.name),
    }
  }

  private situation(): Parameters<typeof dueTraining>[0] {
    const { pipeline, options } = this
    const { config } = pipeline
    const last = options.models
      .decisions(config.name)
      .findLast(({ outcome }) => outcome !== 'failed' && outcome !== 'refused' && outcome !== 'shadow')
    return {
      config,
      championTo: pipeline.complete ? pipeline.trainedTo : null,
      ...pipeline.observations(),
      newest: pipeline.newest,
      trained: options.models
        .list(config.name)
        .filter(({ spec }) => pipeline.complete || pipeline.suits(spec))
        .map(({ report }) => report),
      complete: pipeline.complete,
      alarm: pipeline.drift().alarm,
      setAsideSince: last?.since ?? null,
      rolledBackAt: last?.newest ?? null,
    }
  }

  private settled(total: number): boolean {
    const { seen } = this
    const now = this.options.clock.now()
    seen.push({ at: now, total })
    while (seen.length > 1 && now - seen[1]!.at >= SETTLED_MS) seen.shift()
    const oldest = seen[0]!
    return now - oldest.at >= SETTLED_MS && total <= oldest.total * (1 + SETTLED_GROWTH)
  }

  private get champion(): number | null {
    return this.options.models.champion(this.pipeline.config.name)
  }

  /** Old versions go; how many stay is configured. */
  private async prune(): Promise<void> {
    const { models } = this.options
    const { name, models: kept } = this.pipeline.config
    const gone = prunable(models.list(name), models.champion(name), models.formerChampions(name), kept.keep)
    if (gone.length > 0) await models.remove(name, gone)
  }

  private note(decision: Parameters<Note>[0]): Promise<void> {
    const { models, clock } = this.options
    const at = new Date(clock.now()).toISOString()
    return models.note(this.pipeline.config.name, { at, scores: null, verdict: null, ...decision })
  }
}
