import type { LearningProgress } from '../ports/control/learning.js'
import type { GradientDynamics } from '../ports/model-store.js'
import type { PipelineTelemetry } from '../telemetry/pipeline-telemetry.js'
import type { TrainerReply } from './protocol.js'

/** Points of a running training's curve that are kept; older ones get thinner. */
const MOST_POINTS = 400

/** What is known of the present training, as its process tells it. */
export class Follow {
  progress: LearningProgress | null = null
  /** [update, training loss, gradient norm before clipping] */
  curve: [number, number, number][] = []
  gradient: GradientDynamics | null = null

  constructor(
    private readonly telemetry: PipelineTelemetry,
    private readonly say: (what: string) => void,
  ) {}

  begin(): void {
    this.progress = null
    this.curve = []
  }

  end(): void {
    this.progress = null
  }

  listen(reply: Extract<TrainerReply, { kind: 'started' | 'progress' }>, reason: string): void {
    const { telemetry } = this
    if (reply.kind === 'started') {
      const { observations, series, device } = reply
      telemetry.training({ kind: 'training-started', reason, observations, series, device })
      return
    }
    const { dynamics, ...progress } = reply.progress
    this.progress = progress
    this.curve.push([progress.update, progress.loss, progress.gradientNorm])
    if (this.curve.length > MOST_POINTS) this.curve = this.curve.filter((_, i) => i % 2 === 1)
    telemetry.training({ kind: 'training-progress', ...progress })
    if (dynamics !== null) {
      this.gradient = dynamics
      const { saturated, dead, reach } = dynamics
      telemetry.training({ kind: 'training-dynamics', saturated, dead, reach })
    }
    const { update, updates, etaSeconds } = progress
    this.say(`update ${String(update)} of ${String(updates)}, ${etaSeconds.toFixed(0)} s to go`)
  }
}
