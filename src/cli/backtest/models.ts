import type { EmbeddedBroker } from '../../adapters/embedded/embedded-broker.js'
import type { FileRow } from '../../adapters/files/observations.js'
import type { PipelineConfig } from '../../config/types.js'
import type { CellKind } from '../../core/network-spec.js'
import type { BacktestTraining, ModelReport } from '../../ports/control/backtest-report.js'
import type { Engine } from '../../ports/engine.js'
import { TrainerFailure } from '../../training/protocol.js'
import { launchTrainer } from '../launch-trainer.js'
import type { BacktestRun } from './backtest.js'
import type { Phases } from './phases.js'
import { rolling } from './rolling.js'
import { scoreOutput, type ScoringOptions } from './score-output.js'
import { withPipeline, type StreamOptions } from './stream.js'

/** What the models of a backtest share. */
export interface Bench {
  readonly run: BacktestRun
  /** All of the file, in order of time where networks are retrained. */
  readonly rows: readonly FileRow[]
  /** ms of the stream's time between two retrainings; `null`: there are none. */
  readonly retrainEvery: number | null
  readonly broker: EmbeddedBroker
  readonly engine: Engine
  readonly log: { readonly kind: 'embedded'; readonly dir: string; readonly mapSizeBytes: number }
  readonly pipeline: PipelineConfig
  readonly scoring: ScoringOptions
  readonly phases: Phases
}

/**
 * Trains a network on what lies before the test part, and lets it forecast.
 * @param first it is the one whose forecasts are written to the file
 */
export async function ofNetwork(bench: Bench, cell: CellKind, first: boolean): Promise<ModelReport> {
  const { run, broker, pipeline, phases } = bench
  const config = { ...named(pipeline, cell), model: { ...pipeline.model, cell } }
  phases.begin('training', cell)
  const trainings = [await train(bench, config)]
  await broker.models.setChampion(config.name, trainings[0]!.version)
  phases.begin('streaming', cell)
  const started = performance.now()
  if (bench.retrainEvery === null) await streamed(bench, config)
  else trainings.push(...(await retrained(bench, config, bench.retrainEvery)))
  const streamSeconds = (performance.now() - started) / 1000
  const { out } = run
  const scoring = first && out !== undefined ? { ...bench.scoring, out } : bench.scoring
  const scored = await scoreOutput(broker, config, cell, scoring)
  return { name: cell, ...scored, trainings, streamSeconds }
}

export async function ofBaseline(bench: Bench): Promise<ModelReport> {
  const config = named(bench.pipeline, 'baseline')
  bench.phases.begin('streaming', 'baseline')
  const started = performance.now()
  await streamed(bench, config)
  const streamSeconds = (performance.now() - started) / 1000
  const scored = await scoreOutput(bench.broker, config, 'baseline', bench.scoring)
  return { name: 'baseline', ...scored, trainings: [], streamSeconds }
}

function named(pipeline: PipelineConfig, name: string): PipelineConfig {
  return { ...pipeline, name, output: `${name}.forecasts` }
}

async function train(
  { run, broker, log, scoring, phases }: Bench,
  config: PipelineConfig,
): Promise<BacktestTraining> {
  const until = [...scoring.data].map(([series, { testFrom }]): [string, number] => [series, testFrom])
  const { backend } = run.config.engine
  const trained = await launchTrainer(run.env)(
    { config, log, registry: null, backend, from: null, until },
    (reply) => {
      if (reply.kind !== 'progress') return
      const { update, updates, loss } = reply.progress
      phases.training(update, updates, loss)
    },
    run.signal,
  ).catch(inWords)
  const { version } = await broker.models.put({ pipeline: config.name, parent: null, ...trained })
  const { verdict = null, scores, report } = trained
  const at = new Date(testFrom(scoring)).toISOString()
  return { at, reason: 'first', version, promoted: true, verdict, scores, report }
}

/** Throws what a person can do something about. */
function inWords(error: unknown): never {
  if (!(error instanceof TrainerFailure) || error.reason !== 'too-little-data') throw error
  const [what] = error.message.split('\n')
  throw new Error(`too little data before the test part: ${what!.replace(/^\w+: /, '')}`, { cause: error })
}

/** Lets all records through a pipeline. */
async function streamed(bench: Bench, config: PipelineConfig): Promise<void> {
  await withPipeline(config, streaming(bench), (_, drained) => drained(bench.rows.length))
}

/** The same, with a training now and then; from a topic of its own, which fills as time goes by. */
function retrained(bench: Bench, config: PipelineConfig, every: number): Promise<BacktestTraining[]> {
  const { run, rows, log, scoring, phases } = bench
  const total = rows.length
  return rolling(
    { ...config, topic: `${config.name}.data` },
    {
      ...streaming(bench),
      rows,
      every,
      from: testFrom(scoring),
      launch: launchTrainer(run.env),
      job: { log, registry: null, backend: run.config.engine.backend },
      onTraining: (records, update, updates) =>
        phases.report(records / total, `retraining, update ${update} of ${updates}`),
    },
  )
}

function streaming({ run, rows, broker, engine, phases }: Bench): StreamOptions {
  const total = rows.length
  const { telemetry, signal } = run
  const onRecords = (records: number): void =>
    phases.report(records / total, `${records} of ${total} records`)
  return { broker, engine, telemetry, signal, onRecords }
}

/** The earliest time stamp (ms) of any series' test part. */
function testFrom({ data }: ScoringOptions): number {
  return [...data.values()].reduce((least, { testFrom }) => Math.min(least, testFrom), Infinity)
}
