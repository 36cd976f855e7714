import type { PipelineConfig } from '../config/types.js'
import type { DriftAlarm } from '../core/drift.js'
import type { TrainingReport } from '../ports/model-store.js'
import { leastJudged, leastNew } from './least-new.js'

export const TRAINING_REASONS = [
  'first',
  'configuration',
  'more-data',
  'schedule',
  'observations',
  'drift',
  'set-aside',
  'manual',
] as const
export type TrainingReason = (typeof TRAINING_REASONS)[number]

/** Trainings after one alarm, each with twice the data of the one before. */
const MOST_AFTER_ALARM = 4

/** What the decision to train depends on. Times are the stream's own, ms. */
export interface Situation {
  readonly config: Pick<PipelineConfig, 'training' | 'season' | 'interval'>
  /** Newest time stamp the present network has been trained on; `null` while the baseline forecasts. */
  readonly championTo: number | null
  /** Observations of the longest series, and of all. */
  readonly longest: number
  readonly total: number
  /** Newest time stamp taken. */
  readonly newest: number
  /** Of all networks trained so far, refused ones included; oldest first. */
  readonly trained: readonly Pick<TrainingReport, 'from' | 'to' | 'observations' | 'series' | 'seen'>[]
  readonly alarm: DriftAlarm | null
  /** False while a network is in use that was made for another configuration: it says nothing of when one is due for this. */
  readonly complete: boolean
  /** Since when a network that was set aside had fallen behind the baseline; `null` where none was. */
  readonly setAsideSince: number | null
  /** Newest time stamp when people last went back to another network and nothing has been promoted since; `null` where they have not. */
  readonly rolledBackAt: number | null
}

export interface Due {
  readonly reason: TrainingReason
  /** A candidate is to be judged by what is newer; `null`: by the newest part of the data. */
  readonly since: number | null
}

/** What a pipeline waits for: the nearest of all triggers. */
export interface Waiting {
  readonly observations?: number
  /** Time of the stream at which it is due, ms. */
  readonly at?: number
}

/**
 * Whether a training is due, by what has happened in the stream; the same after a restart.
 *
 * Without a network: as soon as there is enough history; after a refusal, once there is `retryGrowth` more; after a network
 * was set aside, once there is enough to judge a candidate by since it fell behind, then each time that has doubled. In the same way beside a network that was made for
 * another configuration and goes on until there is one for this. With a network: never before `minNew` steps are
 * newer than it; then on the schedule, after so many observations, or once so many steps have followed an alarm, and while
 * refused each time those have doubled.
 */
export function dueTraining(situation: Situation): Due | Waiting {
  const { championTo, rolledBackAt, newest, config, trained } = situation
  const due = championTo === null ? dueFirst(situation) : dueRetraining(situation, championTo)
  const last = trained.at(-1)
  if (!('reason' in due) || rolledBackAt === null || last === undefined) return due
  // Trained from the same data, the network that people have gone back from would come back.
  const at = rolledBackAt + leastNew(config.training, config) * stepOf(config, last)
  return newest >= at ? due : { at }
}

function dueFirst({
  config,
  longest,
  total,
  newest,
  trained,
  setAsideSince,
  complete,
}: Situation): Due | Waiting {
  const { minObservations, retryGrowth } = config.training
  const last = trained.at(-1)
  if (complete && setAsideSince !== null && last !== undefined) {
    const tries = trained.filter(({ to }) => to > setAsideSince).length
    const steps =
      tries === 0
        ? leastJudged(config.training, config)
        : leastNew(config.training, config) * 2 ** (tries - 1)
    const at = setAsideSince + steps * stepOf(config, last)
    return newest >= at ? { reason: 'set-aside', since: setAsideSince } : { at }
  }
  const least = minObservations > 0 ? minObservations : Math.max(8 * config.season.long, 300)
  const growth = last === undefined ? 0 : (last.seen ?? last.observations) * (1 + retryGrowth)
  const missing = Math.max(least - longest, growth - total)
  if (missing > 0) return { observations: Math.ceil(missing) }
  if (!complete) return { reason: 'configuration', since: null }
  return { reason: last === undefined ? 'first' : 'more-data', since: null }
}

function dueRetraining(
  { config, total, newest, trained, alarm }: Situation,
  championTo: number,
): Due | Waiting {
  const { every, afterObservations } = config.training
  const last = trained.at(-1)
  if (last === undefined) return {}
  const least = leastNew(config.training, config) * stepOf(config, last)
  const earliest = Math.max(championTo + least, -Infinity)
  const dates: number[] = []
  if (alarm !== null && alarm.at > championTo) {
    const tries = trained.filter(({ to }) => to > alarm.at).length
    if (tries < MOST_AFTER_ALARM) {
      const at = Math.max(earliest, alarm.at + least * 2 ** tries)
      if (newest >= at) return { reason: 'drift', since: alarm.at }
      dates.push(at)
    }
  }
  if (every > 0) {
    const at = Math.max(earliest, last.to + every)
    if (newest >= at) return { reason: 'schedule', since: null }
    dates.push(at)
  }
  const wanted =
    afterObservations > 0 ? (last.seen ?? last.observations) + afterObservations - total : Infinity
  if (wanted <= 0 && newest >= earliest) return { reason: 'observations', since: null }
  return {
    ...(dates.length > 0 ? { at: Math.min(...dates) } : {}),
    ...(wanted < Infinity ? { observations: Math.max(0, wanted) } : {}),
  }
}

/** ms from one step of a series to the next; where there is no grid, as it was on average. */
function stepOf({ interval }: Pick<PipelineConfig, 'interval'>, last: Situation['trained'][number]): number {
  if (interval > 0) return interval
  return (last.to - last.from) / Math.max(1, last.observations / Math.max(1, last.series) - 1)
}
