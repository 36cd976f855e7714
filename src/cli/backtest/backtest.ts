import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEmbeddedBroker } from '../../adapters/embedded/embedded-broker.js'
import type { FileRow } from '../../adapters/files/observations.js'
import { startEngine } from '../../adapters/tensorflow/engine.js'
import type { Config } from '../../config/types.js'
import { isoInterval } from '../../core/forecast/format.js'
import type { CellKind } from '../../core/network-spec.js'
import { systemClock } from '../../ports/clock.js'
import type { BacktestReport, ModelReport } from '../../ports/control/backtest-report.js'
import type { BacktestProgress } from '../../ports/control/backtests.js'
import type { Engine } from '../../ports/engine.js'
import type { Telemetry } from '../../telemetry/telemetry.js'
import { actuals, type Actuals } from './actuals.js'
import type { RetrainEvery } from './configuration.js'
import { append, asAppended, foretell, numbered } from './append.js'
import { Examples } from './examples.js'
import { Phases } from './phases.js'
import { ofBaseline, ofNetwork, type Bench } from './models.js'
import { assertOnGrid, assertScorable } from './usable.js'
import { inOrderOfTime } from './rolling.js'

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
  /** Networks are retrained as the stream goes, each time so much of its time has passed; `null`: never. */
  readonly retrainEvery: RetrainEvery | null
  /** File for the scored forecasts of the first network, one JSON line each. */
  readonly out?: string
  readonly pid: number
  /** Environment of the trainer process. */
  readonly env: NodeJS.ProcessEnv
  readonly telemetry: Telemetry
  readonly signal: AbortSignal
  readonly onProgress: (progress: BacktestProgress, detail: string) => void
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
    const ordered = run.retrainEvery === null ? run.rows : inOrderOfTime(run.rows)
    const { rows, symbols } = numbered(ordered)
    assertOnGrid(rows, pipeline)
    const { interval, aggregate, season } = pipeline
    const data = actuals(rows, { interval, aggregate, season: season.short, test })
    assertScorable(data, pipeline)
    const retrainEvery = run.retrainEvery === null ? null : every(run.retrainEvery, interval, data)
    const examples = new Examples(pipeline.kind === 'symbols' ? new Map() : data, pipeline.horizon)
    await append(broker, pipeline.topic, ordered)
    await foretell(broker, pipeline, ordered)
    engine = await startEngine({ ...config.engine, ...config.inference }, () => undefined)
    const scoring = { data, symbols, examples, stride }
    const phases = new Phases(run.networks.length, run.onProgress)
    const bench: Bench = { run, rows: ordered, retrainEvery, broker, engine, log, pipeline, scoring, phases }
    const models: ModelReport[] = []
    for (const cell of run.networks) models.push(await ofNetwork(bench, cell, models.length === 0))
    models.push(await ofBaseline(bench))
    const { kind, horizon, quantiles, training } = pipeline
    const form = { kind, interval: isoInterval(interval), season, horizon, quantiles }
    return {
      options: {
        ...form,
        test,
        stride,
        seed: training.seed,
        retrainEvery: retrainEvery === null ? null : isoInterval(retrainEvery),
      },
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

/** ms; a step is a grid step, and without a grid as long as steps of the file are on average. */
function every(given: RetrainEvery, interval: number, data: ReadonlyMap<string, Actuals>): number {
  if ('ms' in given) return given.ms
  if (interval > 0) return given.steps * interval
  let [span, steps] = [0, 0]
  for (const { ts } of data.values()) {
    span += ts.at(-1)! - ts[0]!
    steps += ts.length - 1
  }
  return (given.steps * span) / Math.max(1, steps)
}

function summary(data: ReadonlyMap<string, Actuals>): BacktestReport['data'] {
  let [observations, missing] = [0, 0]
  let [from, to, testFrom] = [Infinity, -Infinity, Infinity]
  for (const { ts, values, testFrom: begins } of data.values()) {
    for (const value of values) {
      if (value === value) observations++
      else missing++
    }
    from = Math.min(from, ts[0]!)
    to = Math.max(to, ts.at(-1)!)
    testFrom = Math.min(testFrom, begins)
  }
  const iso = (ms: number): string => new Date(ms).toISOString()
  return { series: data.size, observations, missing, from: iso(from), to: iso(to), testFrom: iso(testFrom) }
}
