import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { openEmbeddedBroker, type EmbeddedBroker } from '../../adapters/embedded/embedded-broker.js'
import type { FileObservation, FileRow } from '../../adapters/files/observations.js'
import { startEngine } from '../../adapters/tensorflow/engine.js'
import type { Config, PipelineConfig } from '../../config/types.js'
import { parseTimestamp } from '../../core/timestamp.js'
import { Pipeline } from '../../pipeline/pipeline.js'
import { systemClock } from '../../ports/clock.js'
import type { Engine } from '../../ports/engine.js'
import type { TrainingReport } from '../../ports/model-store.js'
import type { Telemetry } from '../../telemetry/telemetry.js'
import type { TrainingProgress } from '../../training/progress.js'
import { launchTrainer } from '../launch-trainer.js'
import { actuals, type Actuals } from './actuals.js'
import { Scorer, type BacktestScores } from './score.js'
import { SymbolScorer, type SymbolScores } from './score-symbols.js'

export interface BacktestOptions {
  /** Texts where the pipeline is of symbols, else numbers. */
  readonly rows: readonly FileRow[]
  /** With one pipeline: how the file's series are to be forecast. */
  readonly config: Config
  /** Share of each series' grid that is the test part. */
  readonly test: number
  readonly stride: number
  /** File for the scored forecasts, one JSON line each. */
  readonly out?: string
  readonly pid: number
  /** Environment of the trainer process. */
  readonly env: NodeJS.ProcessEnv
  readonly telemetry: Telemetry
  readonly signal: AbortSignal
  readonly onTraining: (progress: TrainingProgress) => void
  readonly onStream: (records: number, total: number) => void
}

export interface BacktestResult<S = BacktestScores> {
  readonly network: S
  readonly baseline: S
  readonly training: TrainingReport
  /** Seconds for all records through both pipelines. */
  readonly streamSeconds: number
}

const APPEND = 5000
const POLL_MS = 50

/** Pushes a file through the daemon's own code: trains on what lies before the test part, then forecasts record by record. */
export async function backtest(
  options: BacktestOptions,
): Promise<BacktestResult<BacktestScores | SymbolScores>> {
  const dir = await mkdtemp(join(tmpdir(), 'tidecast-backtest-'))
  const { config } = options
  const log = { kind: 'embedded', dir, mapSizeBytes: config.broker.embedded.mapSizeBytes } as const
  const broker = await openEmbeddedBroker({ ...log, clock: systemClock, pid: options.pid })
  let engine: Engine | undefined
  try {
    const pipeline = asAppended(config.pipelines[0]!)
    const { rows, symbols } = numbered(options.rows)
    const data = actuals(rows, pipeline.interval, pipeline.season.short, options.test)
    await append(broker, pipeline, options.rows)
    const job = {
      config: pipeline,
      log,
      registry: null,
      backend: config.engine.backend,
      from: null,
      until: testStarts(data),
    }
    const trained = await launchTrainer(options.env)(
      job,
      (reply) => {
        if (reply.kind === 'progress') options.onTraining(reply.progress)
      },
      options.signal,
    )
    const model = await broker.models.put({ pipeline: pipeline.name, parent: null, ...trained })
    await broker.models.setChampion(pipeline.name, model.version)
    engine = await startEngine({ ...config.engine, ...config.inference }, () => undefined)
    const started = performance.now()
    const baseline = { ...pipeline, name: 'baseline', output: 'baseline.forecasts' }
    await stream(broker, engine, [pipeline, baseline], options)
    const streamSeconds = (performance.now() - started) / 1000
    return {
      network: await scoreOutput(broker, pipeline, { data, symbols }, options, options.out),
      baseline: await scoreOutput(broker, baseline, { data, symbols }, options),
      training: trained.report,
      streamSeconds,
    }
  } finally {
    await engine?.close()
    await broker.close()
    await rm(dir, { recursive: true, force: true })
  }
}

/** Rows with the place of their text among all texts as their value; numbers stay as they are. */
function numbered(rows: readonly FileRow[]): {
  readonly rows: readonly FileObservation[]
  readonly symbols: readonly string[]
} {
  const places = new Map<string, number>()
  const place = (text: string): number => {
    const at = places.get(text) ?? places.size
    places.set(text, at)
    return at
  }
  const mapped = rows.map(({ series, ts, value }) => ({
    series,
    ts,
    value: typeof value === 'string' ? place(value) : value,
  }))
  return { rows: mapped, symbols: [...places.keys()] }
}

/** The file's rows go through the log as `append` writes them, and forecasts as they are scored, whatever the pipeline's own topics hold. */
function asAppended(pipeline: PipelineConfig): PipelineConfig {
  const fields = { series: '', ts: 'ts', value: 'value' }
  const publish = { ...pipeline.publish, format: 'wide' } as const
  // All of them are named, so that what came has its own probability.
  const symbols = { ...pipeline.symbols, top: pipeline.symbols.maxVocabulary }
  return { ...pipeline, fields, encoding: { input: 'json', output: 'json' }, publish, symbols }
}

async function append(
  broker: EmbeddedBroker,
  pipeline: PipelineConfig,
  rows: readonly FileRow[],
): Promise<void> {
  const { topic } = pipeline
  await broker.ensureTopics([{ name: topic, partitions: 1 }])
  for (let from = 0; from < rows.length; from += APPEND) {
    const records = rows.slice(from, from + APPEND).map((row) => {
      const ts = typeof row.ts === 'number' ? row.ts : parseTimestamp(row.ts)
      return {
        topic,
        partition: 0,
        // The record arrives when it is observed, whenever the backtest runs.
        ...(ts === ts ? { timestamp: ts } : {}),
        key: Buffer.from(row.series),
        value: Buffer.from(JSON.stringify({ ts: row.ts, value: row.value })),
      }
    })
    await broker.append(records)
  }
}

function testStarts(data: ReadonlyMap<string, Actuals>): [string, number][] {
  return [...data].flatMap(([series, { ts, test }]) => (test < ts.length ? [[series, ts[test]!]] : []))
}

async function stream(
  broker: EmbeddedBroker,
  engine: Engine,
  configs: readonly PipelineConfig[],
  options: BacktestOptions,
): Promise<void> {
  const total = options.rows.length
  const { signal, telemetry } = options
  let problem: { error: unknown } | undefined
  const failed = (error: unknown): void => {
    problem = { error }
  }
  for (const [i, config] of configs.entries()) {
    const pipeline = new Pipeline({
      config,
      broker,
      models: broker.models,
      engine,
      registry: null,
      telemetry: telemetry.pipeline(config.name),
      clock: systemClock,
      retention: {},
      failed,
    })
    await pipeline.start()
    try {
      while (pipeline.progress.records < total) {
        signal.throwIfAborted()
        if (problem !== undefined) throw problem.error
        options.onStream(i * total + pipeline.progress.records, configs.length * total)
        await new Promise((resolve) => setTimeout(resolve, POLL_MS))
      }
    } finally {
      await pipeline.stop()
    }
  }
}

/** A forecast has quantiles, one of the next symbol has those. */
interface Published {
  readonly series: string
  readonly origin: string
  readonly quantiles: Readonly<Record<string, readonly number[]>>
  readonly symbols: readonly { readonly symbol: string; readonly probability: number }[]
}

async function scoreOutput(
  broker: EmbeddedBroker,
  config: PipelineConfig,
  { data, symbols }: { readonly data: ReadonlyMap<string, Actuals>; readonly symbols: readonly string[] },
  { stride }: BacktestOptions,
  out?: string,
): Promise<BacktestScores | SymbolScores> {
  const numbers = new Scorer(data, config.quantiles, config.horizon, stride)
  const texts = config.kind === 'symbols' ? new SymbolScorer(data, symbols, stride) : null
  const scorer = texts ?? numbers
  const file = out === undefined ? undefined : createWriteStream(out)
  for await (const records of broker.read(config.output, 0, {})) {
    for (const { value } of records) {
      const json = Buffer.from(value!).toString()
      const { series, origin, quantiles, symbols } = JSON.parse(json) as Published
      const ts = Date.parse(origin)
      if (!scorer.isScored(series, ts)) continue
      if (texts === null) numbers.add(series, ts, quantiles)
      else texts.add(series, ts, symbols)
      file?.write(`${json}\n`)
    }
  }
  if (file !== undefined) {
    file.end()
    await finished(file)
  }
  return scorer.scores()
}
