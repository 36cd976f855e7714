import type { LearningStatus } from '../ports/control/learning.js'
import { SEVERITIES, type Problem } from '../ports/control/problems.js'
import type { LiveScores, PipelineStatus } from '../ports/control.js'
import { standing } from '../ports/model-store.js'

/** A backlog that takes longer to work off at the present rate, s. */
const LONG_LAG_S = 60
/** Fewer records are no backlog. */
const SMALL_LAG = 1000
/** Share by which a network's loss exceeds the baseline's. */
const WORSE = 0.02
/** Of fewer targets, scores say little. */
const FEWEST_TARGETS = 200
/** Share of targets that coverage may differ by from what was promised. */
const COVERAGE_OFF = 0.1
/** Characters of a series' name that are told. */
const LONGEST_NAME = 100
/** Share of records. */
const MANY_REJECTED = 0.01

/** What the daemon knows of a pipeline. */
export interface Situation {
  readonly status: PipelineStatus
  /** Why partitions are not at work, in words. */
  readonly trouble: string | null
  /** Absent where nothing is known of it. */
  readonly learning: LearningStatus | undefined
}

/** What is wrong with these pipelines and what to do about it, worst first. */
export function problemsOf(situations: readonly Situation[]): Problem[] {
  const all = situations.flatMap((situation) =>
    [...atWork(situation), ...quality(situation), ...learning(situation)].map((problem) => ({
      ...problem,
      pipeline: situation.status.name,
    })),
  )
  return all.sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity))
}

type Found = Omit<Problem, 'pipeline'>

function* atWork({ status, trouble }: Situation): Generator<Found> {
  const { name, phase, lag, recordsPerSecond, topic, records, rejected, series, stale } = status
  if (phase === 'failed' || trouble !== null) {
    const what = trouble === null ? 'it has stopped for good' : `it is held up: ${trouble}`
    yield { severity: 'critical', what, todo: 'Run "tidecast doctor", and look into the log of the daemon.' }
  } else if (phase === 'starting' || phase === 'restoring') {
    yield { severity: 'info', what: `it is ${phase}`, todo: 'Wait: forecasts come when its states are back.' }
  }
  if (phase === 'running' && lag > SMALL_LAG && lag > LONG_LAG_S * recordsPerSecond) {
    const rate = Math.round(recordsPerSecond)
    yield {
      severity: 'warning',
      what: `${lag} records of topic "${topic}" wait to be forecast, at ${rate} records/s`,
      todo: 'Wait where it is catching up; else give it more processes or processors (docs/kafka.md).',
    }
  }
  if (stale.longest !== null) {
    const { series: longest, lastAt } = stale.longest
    yield {
      severity: 'warning',
      what: `${stale.count} of ${series} series get no observations while others go on; longest "${longest.slice(0, LONGEST_NAME)}", since ${new Date(lastAt).toISOString()}`,
      todo: 'Look at what sends them. Where they are gone for good, state.ttl forgets them; stale.after says after how many intervals this is told.',
    }
  }
  if (rejected > 0) {
    const many = rejected > MANY_REJECTED * records
    yield {
      severity: many ? 'warning' : 'info',
      what: `${rejected} of ${records} records were rejected since the daemon started`,
      todo: `Look at their reasons in the dead-letter topic; after a fix, "tidecast redrive ${name}" sends them back.`,
    }
  }
}

function* quality({ status }: Situation): Generator<Found> {
  const { accuracy, model, name, form } = status
  if (accuracy === null || model.startsWith('baseline')) return
  const { network, baseline, targets } = accuracy
  if (targets < FEWEST_TARGETS) return
  const [ours, theirs] = [lossOf(network), lossOf(baseline)]
  if (ours !== null && theirs !== null && ours > theirs * (1 + WORSE)) {
    yield {
      severity: 'warning',
      what: `${model} does worse than the baseline: ${lossName(network)} ${ours.toPrecision(3)} against ${theirs.toPrecision(3)}`,
      todo: `Have it trained on newer data: "tidecast train ${name}". If it stays behind, it is set aside by itself.`,
    }
  }
  const { coverage } = network
  const nominal = form.quantiles.at(-1)! - form.quantiles[0]!
  if (coverage !== null && Math.abs(coverage - nominal) > COVERAGE_OFF) {
    yield {
      severity: 'warning',
      what: `its ${percent(nominal)} intervals cover ${percent(coverage)} of what comes`,
      todo: 'Wait for the calibration to follow, as after a shift; if it stays so, train anew and look at calibration.rate.',
    }
  }
}

function* learning({ learning, status }: Situation): Generator<Found> {
  if (learning === undefined) return
  const last = learning.decisions.at(-1)
  if (last?.outcome === 'failed') {
    yield {
      severity: 'warning',
      what: `its last training failed: ${last.why ?? 'for no reason given'}`,
      todo: `Mend the cause, then "tidecast train ${status.name}".`,
    }
  }
  const stands = standing(learning.decisions)
  if (stands?.outcome === 'set-aside') {
    yield {
      severity: 'warning',
      what: `version ${stands.version ?? '?'} was set aside: ${stands.why ?? 'it fell behind the baseline'}`,
      todo: 'The baseline forecasts until a newly trained network beats it (docs/learning.md).',
    }
  }
  const { alarm } = learning.drift
  if (alarm !== null && learning.drift.score >= 1) {
    yield {
      severity: 'info',
      what: `its stream has changed (${new Date(alarm.at).toISOString()})`,
      todo: 'Nothing: a training follows as soon as there is enough of the new.',
    }
  }
}

/** The lower, the better. */
function lossOf({ logLoss, wql }: LiveScores): number | null {
  return logLoss ?? wql
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`
}

function lossName({ logLoss }: LiveScores): string {
  return logLoss === undefined ? 'WQL' : 'log-loss'
}
