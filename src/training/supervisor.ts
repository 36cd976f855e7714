import type { LearningStatus, TrainOutcome } from '../ports/control/learning.js'
import type { Clock } from '../ports/clock.js'
import type { ModelStore } from '../ports/model-store.js'
import type { PipelineTelemetry } from '../telemetry/pipeline-telemetry.js'
import { Learner, type Trainable } from './learner.js'
import type { LaunchTrainer, TrainingJob } from './protocol.js'

export interface SupervisorOptions {
  readonly pipelines: readonly Trainable[]
  readonly models: ModelStore
  readonly launch: LaunchTrainer
  readonly job: Pick<TrainingJob, 'log' | 'registry' | 'backend'>
  readonly telemetry: (pipeline: string) => PipelineTelemetry
  readonly clock: Clock
}

/** Lets the pipelines learn: one training at a time, in turn. */
export class TrainingSupervisor {
  /** The one that has waited longest comes first. */
  private readonly learners: Learner[]
  private running: Promise<void> | undefined
  private readonly stopping = new AbortController()

  constructor({ pipelines, telemetry, ...shared }: SupervisorOptions) {
    this.learners = pipelines.map(
      (pipeline) => new Learner(pipeline, { ...shared, telemetry: telemetry(pipeline.config.name) }),
    )
  }

  /** Looks whether a training is due, or a network to be set aside; called about once a second. */
  tick(): void {
    if (this.stopping.signal.aborted) return
    for (const learner of this.learners) {
      learner.watch().catch((error: unknown) => {
        learner.log.error({ err: error }, 'a network could not be set aside; trying again')
      })
    }
    const due = this.learners.map((learner) => ({ learner, what: learner.due() }))
    const first = due.find(({ what }) => what !== null)
    if (first === undefined || first.what === null || this.running !== undefined) return
    const { learner, what } = first
    this.learners.splice(this.learners.indexOf(learner), 1)
    this.learners.push(learner)
    this.running = learner.train(what, this.stopping.signal).finally(() => (this.running = undefined))
  }

  /** `undefined`: no such pipeline. */
  learning(name: string): LearningStatus | undefined {
    return this.named(name)?.status()
  }

  /** Asks for a training by hand. `undefined`: no such pipeline. */
  train(name: string, note: string): TrainOutcome | undefined {
    return this.named(name)?.ask(note)
  }

  /** A training runs now. */
  get busy(): boolean {
    return this.running !== undefined
  }

  /** Ends a training under way; nothing of it takes effect. */
  async stop(): Promise<void> {
    this.stopping.abort()
    await this.running
  }

  private named(name: string): Learner | undefined {
    return this.learners.find(({ pipeline }) => pipeline.config.name === name)
  }
}
