import type { StoredModel } from '../ports/model-store.js'
import type { LearnerOptions } from './learner.js'
import type { Trainable } from './trainable.js'
import { TrainerFailure, type LaunchTrainer, type TrainingJob } from './protocol.js'
import type { Due } from './triggers.js'

/** A trained version, stored whatever it is worth: its figures say when to try again. */
export async function trainCandidate(
  pipeline: Trainable,
  { models, clock, launch, telemetry, job: where }: LearnerOptions,
  due: Due,
  listen: Parameters<LaunchTrainer>[1],
  stopping: AbortSignal,
): Promise<StoredModel> {
  const { config } = pipeline
  const { window, maxDuration, maxRecords } = config.training
  const parent = models.champion(config.name)
  // One that was made for another configuration is neither a beginning nor a measure.
  const comparable = parent !== null && pipeline.version === parent && pipeline.complete
  const champion = comparable ? models.get(config.name, parent) : null
  const seen = pipeline.observations().total
  const timeout = AbortSignal.timeout(maxDuration)
  const job: TrainingJob = {
    config,
    from: window > 0 ? clock.now() - window : null,
    until: [],
    maxRecords,
    ...(champion === null
      ? {}
      : { champion: { spec: champion.spec, weights: champion.weights, trainedTo: champion.report.to } }),
    ...(due.since === null ? {} : { since: due.since }),
    ...where,
  }
  const result = await launch(job, listen, AbortSignal.any([stopping, timeout])).catch((error: unknown) => {
    if (!timeout.aborted) throw error
    throw new TrainerFailure('timeout', `the training took longer than ${String(maxDuration)} ms`)
  })
  // Whoever trains now must not find a network in office that it has not seen.
  if (!pipeline.trainsHere) throw new TrainerFailure('aborted', 'partition 0 went to another process')
  const { report, ...rest } = result
  for (const advice of report.gradients?.advice ?? [])
    telemetry.training({ kind: 'training-advised', advice })
  return models.put({
    pipeline: config.name,
    ...rest,
    parent: report.start === 'champion' ? parent : null,
    report: { ...report, seen },
  })
}
