import type { LearningStatus, TrainOutcome } from '../ports/control/learning.js'
import type { Clock } from '../ports/clock.js'
import type { ModelStore } from '../ports/model-store.js'
import type { PipelineTelemetry } from '../telemetry/pipeline-telemetry.js'
import { Learner } from './learner.js'
import type { Trainable } from './trainable.js'
import type { LaunchTrainer, TrainingJob } from './protocol.js'

export interface SupervisorOptions {
  readonly pipelines: readonly Trainable[]
  readonly models: ModelStore
  readonly launch: LaunchTrainer
  readonly job: Pick<TrainingJob, 'log' | 'registry' | 'backend'>
  readonly telemetry: (pipeline: string) => PipelineTelemetry
  readonly clock: Clock
}

interface Member {
  readonly learner: Learner
  /** Ends its training under way. */
  ending: AbortController
}

/** Lets the pipelines learn: one training at a time, in turn. */
export class TrainingSupervisor {
  /** The one that has waited longest comes first. */
  private readonly members: Member[] = []
  private running: { readonly member: Member; readonly done: Promise<void> } | undefined
  private readonly stopping = new AbortController()

  constructor(private readonly options: SupervisorOptions) {
    for (const pipeline of options.pipelines) this.add(pipeline)
  }

  /** Lets another pipeline learn. */
  add(pipeline: Trainable): void {
    const { telemetry, ...shared } = this.options
    const learner = new Learner(pipeline, { ...shared, telemetry: telemetry(pipeline.config.name) })
    this.members.push({ learner, ending: new AbortController() })
  }

  /** A pipeline learns no more. Resolves when its training under way has ended, of which nothing takes effect. */
  async remove(name: string): Promise<void> {
    const member = this.named(name)
    if (member === undefined) return
    this.members.splice(this.members.indexOf(member), 1)
    await this.end(member)
  }

  /** Ends a pipeline's training under way, if there is one: what it is to be trained to has changed. */
  async interrupt(name: string): Promise<void> {
    const member = this.named(name)
    if (member === undefined) return
    await this.end(member)
    member.ending = new AbortController()
  }

  /** Looks whether a training is due, or a network to be set aside; called about once a second. */
  tick(): void {
    if (this.stopping.signal.aborted) return
    for (const { learner } of this.members) {
      learner.watch().catch((error: unknown) => {
        learner.log.error(
          { err: error },
          'the network in use, or in the shadow, could not be looked after; trying again',
        )
      })
    }
    const due = this.members.map((member) => ({ member, what: member.learner.due() }))
    const first = due.find(({ what }) => what !== null)
    if (first === undefined || first.what === null || this.running !== undefined) return
    const { member, what } = first
    this.members.splice(this.members.indexOf(member), 1)
    this.members.push(member)
    const ending = AbortSignal.any([this.stopping.signal, member.ending.signal])
    const done = member.learner.train(what, ending).finally(() => (this.running = undefined))
    this.running = { member, done }
  }

  /** `undefined`: no such pipeline. */
  learning(name: string): LearningStatus | undefined {
    return this.named(name)?.learner.status()
  }

  /** Asks for a training by hand. `undefined`: no such pipeline. */
  train(name: string, note: string): TrainOutcome | undefined {
    return this.named(name)?.learner.ask(note)
  }

  /** A training runs now. */
  get busy(): boolean {
    return this.running !== undefined
  }

  /** Ends a training under way; nothing of it takes effect. */
  async stop(): Promise<void> {
    this.stopping.abort()
    await this.running?.done
  }

  private async end(member: Member): Promise<void> {
    member.ending.abort()
    if (this.running?.member === member) await this.running.done
  }

  private named(name: string): Member | undefined {
    return this.members.find(({ learner }) => learner.pipeline.config.name === name)
  }
}
