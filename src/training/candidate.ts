import { standing, type Decision, type StoredModel } from '../ports/model-store.js'
import type { LearnerOptions } from './learner.js'
import type { Trainable } from './trainable.js'
import { TrainerFailure, type LaunchTrainer, type TrainingJob } from './protocol.js'
import type { ChampionNetwork, FormerChampion } from './train.js'
import type { Due } from './triggers.js'

/** A trained version, and the network that was set aside where that one may take over again instead. */
export interface Candidate {
  readonly model: StoredModel
  readonly former: (FormerChampion & { readonly model: StoredModel }) | null
}

/** The network that the baseline forecasts in place of, and since when (ms) it had been behind; `null`: none was set aside. */
export function lastSetAside(
  decisions: readonly Decision[],
): { readonly version: number; readonly since: number } | null {
  const last = standing(decisions)
  if (last?.outcome !== 'set-aside' || last.version === null || last.since === undefined) return null
  return { version: last.version, since: last.since }
}

/** A trained version, stored whatever it is worth: its figures say when to try again. */
export async function trainCandidate(
  pipeline: Trainable,
  { models, clock, launch, telemetry, job: where }: LearnerOptions,
  due: Due,
  listen: Parameters<LaunchTrainer>[1],
  stopping: AbortSignal,
): Promise<Candidate> {
  const { config } = pipeline
  const { window, maxDuration, maxRecords } = config.training
  const parent = models.champion(config.name)
  // One that was made for another configuration is neither a beginning nor a measure.
  const comparable = parent !== null && pipeline.version === parent && pipeline.complete
  const champion = comparable ? models.get(config.name, parent) : null
  const aside = parent === null ? lastSetAside(models.decisions(config.name)) : null
  const stored = aside === null ? null : models.get(config.name, aside.version)
  const former = stored !== null && pipeline.complete && pipeline.suits(stored.spec) ? stored : null
  const since = due.since ?? (former === null ? null : aside!.since)
  const beside = champion ?? former
  const seen = pipeline.observations().total
  const timeout = AbortSignal.timeout(maxDuration)
  const job: TrainingJob = {
    config,
    from: window > 0 ? clock.now() - window : null,
    until: [],
    maxRecords,
    ...(beside === null ? {} : { champion: { ...networkOf(beside), setAside: former !== null } }),
    ...(since === null ? {} : { since }),
    ...where,
  }
  const result = await launch(job, listen, AbortSignal.any([stopping, timeout])).catch((error: unknown) => {
    if (!timeout.aborted) throw error
    throw new TrainerFailure('timeout', `the training took longer than ${String(maxDuration)} ms`)
  })
  // Whoever trains now must not find a network in office that it has not seen.
  if (!pipeline.trainsHere) throw new TrainerFailure('aborted', 'partition 0 went to another process')
  const { report, former: again, ...rest } = result
  for (const advice of report.gradients?.advice ?? [])
    telemetry.training({ kind: 'training-advised', advice })
  const model = await models.put({
    pipeline: config.name,
    ...rest,
    parent: report.start === 'champion' ? (beside?.version ?? null) : null,
    report: { ...report, seen },
  })
  return { model, former: again === undefined || former === null ? null : { ...again, model: former } }
}

function networkOf({ spec, weights, report }: StoredModel): ChampionNetwork {
  return { spec, weights, trainedTo: report.to }
}
