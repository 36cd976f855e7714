import type { PipelineConfig } from '../config/types.js'
import type { Clock } from '../ports/clock.js'
import { lossOf, type ModelStore, type StoredModel } from '../ports/model-store.js'
import type { PipelineTelemetry } from '../telemetry/pipeline-telemetry.js'
import { TrainerFailure, type LaunchTrainer, type TrainingJob } from './protocol.js'

/** What the supervisor needs of a pipeline. */
export interface Trainable {
  readonly config: PipelineConfig
  /** 0 while the baseline forecasts. */
  readonly version: number
  readonly lag: number
  /** Of the processes that share the pipeline, this one trains: it owns partition 0. */
  readonly trainsHere: boolean
  observations(): { readonly longest: number; readonly total: number }
  promote(model: StoredModel): Promise<void>
  training: string
}

export interface SupervisorOptions {
  readonly pipelines: readonly Trainable[]
  readonly models: ModelStore
  readonly launch: LaunchTrainer
  readonly job: Pick<TrainingJob, 'log' | 'registry' | 'backend'>
  readonly telemetry: (pipeline: string) => PipelineTelemetry
  readonly clock: Clock
}

/** Data that still grow faster than this share in so many ms are history being caught up with: training waits. */
const SETTLED_GROWTH = 0.02
const SETTLED_MS = 5_000

/** Decides when a pipeline's first network is trained, judges it, and has it promoted. One training at a time. */
export class TrainingSupervisor {
  private readonly watched: Watched[]
  private running: Promise<void> | undefined
  /** Whose training is running. */
  private trained: Watched | undefined
  private readonly stopping = new AbortController()

  constructor(private readonly options: SupervisorOptions) {
    this.watched = options.pipelines.map((pipeline) => ({
      pipeline,
      seen: [],
      next: nextTraining(pipeline, options),
    }))
    for (const { pipeline } of this.watched) {
      const { name, training } = pipeline.config
      options
        .telemetry(name)
        .training({ kind: 'training-state', state: training.enabled ? 'waiting' : 'off' })
    }
  }

  /** Looks whether a training is due; called about once a second. */
  tick(): void {
    const due = this.watched.filter((watched) => watched !== this.trained && this.isDue(watched))
    const first = due[0]
    if (first === undefined || this.running !== undefined || this.stopping.signal.aborted) return
    this.trained = first
    // Fair among pipelines: the one just served goes to the end.
    this.watched.splice(this.watched.indexOf(first), 1)
    this.watched.push(first)
    this.running = this.train(first).finally(() => {
      this.running = undefined
      this.trained = undefined
    })
  }

  /** Ends a training under way; nothing of it takes effect. */
  async stop(): Promise<void> {
    this.stopping.abort()
    await this.running
  }

  private isDue(watched: Watched): boolean {
    const { pipeline, seen } = watched
    const { training, batch } = pipeline.config
    if (!training.enabled || pipeline.version !== 0) return false
    if (!pipeline.trainsHere) {
      pipeline.training = 'left to the process that owns partition 0'
      return false
    }
    const now = this.options.clock.now()
    const { longest, total } = pipeline.observations()
    seen.push({ at: now, total })
    while (seen.length > 1 && now - seen[1]!.at >= SETTLED_MS) seen.shift()
    const missing = Math.max(watched.next.longest - longest, watched.next.total - total)
    if (missing > 0) {
      pipeline.training = `waits for ${String(Math.ceil(missing))} more observations`
      return false
    }
    const oldest = seen[0]!
    const settled = now - oldest.at >= SETTLED_MS && total <= oldest.total * (1 + SETTLED_GROWTH)
    if (!settled || pipeline.lag > batch.maxRecords) {
      pipeline.training = 'waits until the history has been read'
      return false
    }
    pipeline.training = 'waits for its turn'
    return true
  }

  private async train(watched: Watched): Promise<void> {
    const { pipeline } = watched
    const { config } = pipeline
    const telemetry = this.options.telemetry(config.name)
    const started = performance.now()
    const seconds = (): number => (performance.now() - started) / 1000
    telemetry.training({ kind: 'training-state', state: 'running' })
    pipeline.training = 'starting'
    try {
      const model = await this.candidate(pipeline, telemetry)
      const { network, baseline } = model.scores
      if (lossOf(network) < lossOf(baseline)) {
        await pipeline.promote(model)
        pipeline.training = `trained in ${seconds().toFixed(0)} s`
        const { version, scores } = model
        const outcome = { kind: 'promoted', version, cell: model.spec.cell, scores } as const
        telemetry.training({ kind: 'training-finished', seconds: seconds(), outcome })
      } else {
        const name = network.logLoss === undefined ? 'WQL' : 'log-loss'
        const figures = `${name} ${lossOf(network).toFixed(4)} against the baseline's ${lossOf(baseline).toFixed(4)}`
        pipeline.training = `refused: ${figures}`
        const outcome = { kind: 'refused', reason: 'worse-than-baseline', scores: model.scores } as const
        telemetry.training({ kind: 'training-finished', seconds: seconds(), outcome })
      }
      watched.next = nextTraining(pipeline, this.options)
    } catch (error) {
      const reason = this.stopping.signal.aborted
        ? 'aborted'
        : error instanceof TrainerFailure
          ? error.reason
          : 'crashed'
      pipeline.training = `failed: ${reason}`
      const outcome = { kind: 'failed', reason, error } as const
      telemetry.training({ kind: 'training-finished', seconds: seconds(), outcome })
      const { longest, total } = pipeline.observations()
      const more = 1 + config.training.retryGrowth
      watched.next = { longest: longest * more, total: total * more }
    } finally {
      telemetry.training({ kind: 'training-state', state: 'waiting' })
    }
  }

  /** A trained version, stored whatever it is worth: its scores say when to try again. */
  private async candidate(pipeline: Trainable, telemetry: PipelineTelemetry): Promise<StoredModel> {
    const { config } = pipeline
    const { window, maxDuration, clipNorm } = config.training
    const from = window > 0 ? this.options.clock.now() - window : null
    const timeout = AbortSignal.timeout(maxDuration)
    const signal = AbortSignal.any([this.stopping.signal, timeout])
    let clipped = 0
    const job = { config, from, until: [], ...this.options.job }
    const { spec, weights, report, scores } = await this.options
      .launch(
        job,
        (reply) => {
          if (reply.kind === 'started') {
            telemetry.training({
              kind: 'training-started',
              observations: reply.observations,
              series: reply.series,
              device: reply.device,
            })
            return
          }
          const { update, updates, loss, gradientNorm, clippedNorm, etaSeconds, dynamics } = reply.progress
          if (gradientNorm > clipNorm) clipped++
          const clippedShare = clipped / update
          telemetry.training({
            kind: 'training-progress',
            update,
            loss,
            gradientNorm,
            clippedNorm,
            clippedShare,
          })
          if (dynamics !== null) {
            const { saturated, dead, reach } = dynamics
            telemetry.training({ kind: 'training-dynamics', saturated, dead, reach })
          }
          pipeline.training = `update ${String(update)} of ${String(updates)}, ${etaSeconds.toFixed(0)} s to go`
        },
        signal,
      )
      .catch((error: unknown) => {
        if (timeout.aborted)
          throw new TrainerFailure('timeout', `the training took longer than ${String(maxDuration)} ms`)
        throw error
      })
    for (const advice of report.gradients?.advice ?? []) {
      telemetry.training({ kind: 'training-advised', advice })
    }
    // Whoever trains now must not find a network in office that it has not seen.
    if (!pipeline.trainsHere) throw new TrainerFailure('aborted', 'partition 0 went to another process')
    return this.options.models.put({ pipeline: config.name, spec, weights, parent: null, report, scores })
  }
}

interface Watched {
  readonly pipeline: Trainable
  readonly seen: { at: number; total: number }[]
  next: { longest: number; total: number }
}

/** Observations at which the next training is due: after a refusal, only when there is markedly more to learn from. */
function nextTraining({ config }: Trainable, { models }: SupervisorOptions): Watched['next'] {
  const { minObservations, retryGrowth } = config.training
  const longest = minObservations > 0 ? minObservations : Math.max(8 * config.season.long, 300)
  const last = models.list(config.name).at(-1)
  return { longest, total: last === undefined ? 0 : last.report.observations * (1 + retryGrowth) }
}
