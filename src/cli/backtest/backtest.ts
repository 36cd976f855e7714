import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEmbeddedBroker, type EmbeddedBroker } from '../../adapters/embedded/embedded-broker.js'
import type { FileRow } from '../../adapters/files/observations.js'
import { startEngine } from '../../adapters/tensorflow/engine.js'
import type { Config, PipelineConfig } from '../../config/types.js'
import { isoInterval } from '../../core/forecast/format.js'
import type { CellKind } from '../../core/network-spec.js'
import { systemClock } from '../../ports/clock.js'
import type { BacktestReport, BacktestTraining, ModelReport } from '../../ports/control/backtest-report.js'
import type { BacktestProgress } from '../../ports/control/backtests.js'
import type { Engine } from '../../ports/engine.js'
import type { Telemetry } from '../../telemetry/telemetry.js'
import { launchTrainer } from '../launch-trainer.js'
import { actuals, type Actuals } from './actuals.js'
import { append, asAppended, numbered } from './append.js'
import { Examples } from './examples.js'
import { Phases } from './phases.js'
import { scoreOutput, type ScoringOptions } from './score-output.js'
import { stream } from './stream.js'

export interface BacktestRun {
  /** Texts where the pipeline is of symbols, else numbers. */
  readonly rows: readonly FileRow[]
  /** With one pipeline: how the file's series are to be forecast. */
  readonly config: Config
  /** Networks to train and compare; the baseline is always beside them. */
  readonly networks: readonly CellKind[]
  /** Share of each series' grid that is the test part. */
  readonly test: number
  /** Every so many origins one is scored. */
  readonly stride: number
  /** File for the scored forecasts of the first network, one JSON line each. */
  readonly out?: string
  readonly pid: number
  /** Environment of the trainer process. */
  readonly env: NodeJS.ProcessEnv
  readonly telemetry: Telemetry
  readonly signal: AbortSignal
  readonly onProgress: (progress: BacktestProgress, detail: string) => void
}

interface Bench {
  readonly run: BacktestRun
  readonly broker: EmbeddedBroker
  readonly engine: Engine
  readonly log: { readonly kind: 'embedded'; readonly dir: string; readonly mapSizeBytes: number }
  readonly pipeline: PipelineConfig
  readonly scoring: ScoringOptions
  readonly phases: Phases
}

/** Pushes a file through the daemon's own code: trains on what lies before the test part, then forecasts record by record. */
export async function backtest(run: BacktestRun): Promise<BacktestReport> {
  const started = performance.now()
  const dir = await mkdtemp(join(tmpdir(), 'tidecast-backtest-'))
  const { config, test, stride } = run
  const log = { kind: 'embedded', dir, mapSizeBytes: config.broker.embedded.mapSizeBytes } as const
  const broker = await openEmbeddedBroker({ ...log, clock: systemClock, pid: run.pid })
  let engine: Engine | undefined
  try {
    const pipeline = asAppended(config.pipelines[0]!)
    const { rows, symbols } = numbered(run.rows)
    const data = actuals(rows, pipeline.interval, pipeline.season.short, test)
    const examples = new Examples(pipeline.kind === 'symbols' ? new Map() : data, pipeline.horizon)
    await append(broker, pipeline.topic, run.rows)
    engine = await startEngine({ ...config.engine, ...config.inference }, () => undefined)
    const scoring = { data, symbols, examples, stride }
    const phases = new Phases(run.networks.length, run.onProgress)
    const bench: Bench = { run, broker, engine, log, pipeline, scoring, phases }
    const models: ModelReport[] = []
    for (const cell of run.networks) models.push(await ofNetwork(bench, cell, models.length === 0))
    models.push(await ofBaseline(bench))
    const { kind, interval, season, horizon, quantiles, training } = pipeline
    const form = { kind, interval: isoInterval(interval), season, horizon, quantiles }
    return {
      options: { ...form, test, stride, seed: training.seed },
      data: summary(data),
      models,
      examples: examples.report(),
      seconds: (performance.now() - started) / 1000,
    }
  } finally {
    await engine?.close()
    await broker.close()
    await rm(dir, { recursive: true, force: true })
  }
}

/** @param first it is the one whose forecasts are written to the file */
async function ofNetwork(bench: Bench, cell: CellKind, first: boolean): Promise<ModelReport> {
  const { run, broker, phases } = bench
  const { pipeline } = bench
  const config = { ...named(pipeline, cell), model: { ...pipeline.model, cell } }
  phases.begin('training', cell)
  const training = await train(bench, config)
  await broker.models.setChampion(config.name, training.version)
  const streamSeconds = await streamed(bench, config, cell)
  const { out } = run
  const scoring = first && out !== undefined ? { ...bench.scoring, out } : bench.scoring
  const scored = await scoreOutput(broker, config, cell, scoring)
  return { name: cell, ...scored, trainings: [training], streamSeconds }
}

async function ofBaseline(bench: Bench): Promise<ModelReport> {
  const config = named(bench.pipeline, 'baseline')
  const streamSeconds = await streamed(bench, config, 'baseline')
  const scored = await scoreOutput(bench.broker, config, 'baseline', bench.scoring)
  return { name: 'baseline', ...scored, trainings: [], streamSeconds }
}

function named(pipeline: PipelineConfig, name: string): PipelineConfig {
  return { ...pipeline, name, output: `${name}.forecasts` }
}

/** A network of what lies before the test part. */
async function train(
  { run, broker, log, scoring, phases }: Bench,
  config: PipelineConfig,
): Promise<BacktestTraining> {
  const until = [...scoring.data].flatMap(([series, { ts, test }]): [string, number][] =>
    test < ts.length ? [[series, ts[test]!]] : [],
  )
  const { backend } = run.config.engine
  const trained = await launchTrainer(run.env)(
    { config, log, registry: null, backend, from: null, until },
    (reply) => {
      if (reply.kind !== 'progress') return
      const { update, updates, loss, etaSeconds } = reply.progress
      phases.report(update / updates, `loss ${loss.toFixed(4)}`, etaSeconds)
    },
    run.signal,
  )
  const { version } = await broker.models.put({ pipeline: config.name, parent: null, ...trained })
  return { version, verdict: trained.verdict ?? null, scores: trained.scores, report: trained.report }
}

/** @returns seconds that it took */
async function streamed(
  { run, broker, engine, phases }: Bench,
  config: PipelineConfig,
  model: ModelReport['name'],
): Promise<number> {
  const total = run.rows.length
  const started = performance.now()
  phases.begin('streaming', model)
  const onRecords = (records: number): void =>
    phases.report(records / total, `${String(records)} of ${String(total)} records`)
  await stream(config, total, { ...run, broker, engine, onRecords })
  return (performance.now() - started) / 1000
}

function summary(data: ReadonlyMap<string, Actuals>): BacktestReport['data'] {
  let [observations, missing] = [0, 0]
  let [from, to, testFrom] = [Infinity, -Infinity, Infinity]
  for (const { ts, values, test } of data.values()) {
    for (const value of values) {
      if (value === value) observations++
      else missing++
    }
    from = Math.min(from, ts[0]!)
    to = Math.max(to, ts.at(-1)!)
    testFrom = Math.min(testFrom, ts[test] ?? Infinity)
  }
  const iso = (ms: number): string => new Date(ms).toISOString()
  return { series: data.size, observations, missing, from: iso(from), to: iso(to), testFrom: iso(testFrom) }
}
