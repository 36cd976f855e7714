import type { EmbeddedBroker } from '../../adapters/embedded/embedded-broker.js'
import type { FileRow } from '../../adapters/files/observations.js'
import type { PipelineConfig } from '../../config/types.js'
import type { BacktestTraining } from '../../ports/control/backtest-report.js'
import { Learner, type LearnerOptions } from '../../training/learner.js'
import type { LaunchTrainer } from '../../training/protocol.js'
import { append, timeOf } from './append.js'
import { withPipeline, type StreamOptions } from './stream.js'

/** More looks at whether a training is due are a sign of a unit that was left out. */
const MOST_STOPS = 2000

export interface RollingOptions extends StreamOptions {
  /** In order of time. */
  readonly rows: readonly FileRow[]
  /** ms between two retrainings. */
  readonly every: number
  /** ms; the first one is due so long after it. */
  readonly from: number
  readonly launch: LaunchTrainer
  readonly job: LearnerOptions['job']
  /** A training is under way, after so many records. */
  readonly onTraining: (records: number, update: number, updates: number) => void
}

/** Rows in order of time; those whose time cannot be read come first, and are rejected as in the stream. */
export function inOrderOfTime<R extends FileRow>(rows: readonly R[]): readonly R[] {
  const times = rows.map((row) => timeOf(row) || -Infinity)
  const order = rows
    .map((_, i) => i)
    .sort((a, b) => (times[a]! < times[b]! ? -1 : times[a]! > times[b]! ? 1 : a - b))
  return order.map((i) => rows[i]!)
}

/**
 * A stream that waits for training: every `every` of its time it stops, the daemon's own learner is asked whether a training is due,
 * and what the gate lets pass forecasts from there on.
 * @param config of a pipeline whose network is in office already; it has a topic to itself
 */
export async function rolling(config: PipelineConfig, options: RollingOptions): Promise<BacktestTraining[]> {
  const { broker, rows, every, from, launch, job, telemetry, signal, onRecords, onTraining } = options
  const parts = partsOf(rows, from, every)
  const { topic, name } = config
  await append(broker, topic, parts[0]!.rows)
  let appended = parts[0]!.rows.length
  const trainings: BacktestTraining[] = []
  const training = { ...config.training, enabled: true, every }
  await withPipeline({ ...config, training }, { ...options, onRecords }, async (pipeline, drained) => {
    await drained(appended)
    let now = parts[0]!.end
    const learner = new Learner(pipeline, {
      models: broker.models,
      launch: (what, listen, stopping) =>
        launch(
          what,
          (reply) => {
            listen(reply)
            if (reply.kind === 'progress') onTraining(appended, reply.progress.update, reply.progress.updates)
          },
          stopping,
        ),
      job,
      telemetry: telemetry.pipeline(name),
      // Whatever is reckoned from the present is reckoned from the stream's.
      clock: { now: () => now },
    })
    for (const part of parts.slice(1)) {
      const due = learner.due()
      if (due !== null) {
        await learner.train(due, signal)
        signal.throwIfAborted()
        trainings.push(outcome(broker, name, now))
      }
      await append(broker, topic, part.rows)
      appended += part.rows.length
      await drained(appended)
      now = part.end
    }
  })
  return trainings
}

function outcome(broker: EmbeddedBroker, name: string, now: number): BacktestTraining {
  const decision = broker.models.decisions(name).at(-1)!
  const at = new Date(now).toISOString()
  const model = broker.models.list(name).find(({ version }) => version === decision.version)
  if (model === undefined) throw new Error(`the training at ${at} failed: ${decision.why}`)
  const { version, report, scores, verdict = null } = model
  const promoted = decision.outcome === 'promoted'
  return { at, reason: decision.reason, version, promoted, verdict, scores, report }
}

interface Part {
  readonly rows: readonly FileRow[]
  /** ms; all of its rows are older. */
  readonly end: number
}

function partsOf(rows: readonly FileRow[], from: number, every: number): Part[] {
  const parts: Part[] = []
  let begin = 0
  for (let stop = from + every; begin < rows.length; stop += every) {
    if (parts.length === MOST_STOPS) {
      throw new Error(
        `--retrain-every: ${String(every / 1000)} s are more than ${MOST_STOPS} stops on the way through this file`,
      )
    }
    let end = begin
    while (end < rows.length && !(timeOf(rows[end]!) >= stop)) end++
    parts.push({ rows: rows.slice(begin, end), end: stop })
    begin = end
  }
  return parts
}
