import { InvalidArgumentError } from 'commander'
import { StateLayout } from '../../core/layout.js'
import { stateSize } from '../../core/network-spec.js'
import type { Config, PipelineConfig } from '../../config/types.js'
import { table } from '../table.js'
import type { Limits } from './limits.js'

/** As measured on 2 cores of an AMD EPYC server, in processor time: docs/operations.md names the commands. */
const MEASURED = {
  /** Resident memory of a process before it has series, bytes. */
  process: 0.5e9,
  /** Resident memory for each byte of state, while tables grow: the table, the one it grows from, and what waits to be stored. */
  perStateByte: 4,
  /** Processor time of a record, on all threads, s. */
  record: { embedded: 37e-6, kafka: 51e-6 },
  /** Resident memory of a trainer, bytes. */
  trainer: 0.7e9,
  /** Processor time of a training, s: whatever the data, and for each observation. */
  training: { any: 25, observation: 116e-6 },
} as const

/** Share of a core that is planned for: the rest is for bursts, catching up, and collecting garbage. */
const BUSY = 0.5
const TRAINED = 1e6

export interface SizingRequest {
  /** Of each pipeline. */
  readonly series: number
  /** Records per second of each pipeline; `null`: one for each series and grid step. */
  readonly rate: number | null
}

export interface PipelineSize {
  readonly name: string
  /** Of state, in memory and on disk. */
  readonly bytesPerSeries: number
  /** As many as `state.maxResidentSeries` lets be in memory. */
  readonly residentSeries: number
  /** `null`: it follows from the grid, and there is none. */
  readonly recordsPerSecond: number | null
  readonly memoryBytes: number
  readonly diskBytes: number
  readonly cores: number | null
}

export interface Sizing {
  readonly pipelines: readonly PipelineSize[]
  readonly recordsPerSecondPerCore: number
  readonly trainingSecondsPerMillion: number
  /** Of the daemon, and with a trainer beside it. */
  readonly memoryBytes: number
  readonly memoryWhileTrainingBytes: number
  /** `null` where a rate is not known. */
  readonly cores: number | null
  readonly limits: Limits
}

/** What a daemon needs for so much data, from what was measured; the formula stands in docs/operations.md. */
export function sizingOf(config: Config, request: SizingRequest, limits: Limits): Sizing {
  const seconds = MEASURED.record[config.broker.kind]
  const pipelines = config.pipelines.map((pipeline) => sizeOf(pipeline, request, seconds))
  const memoryBytes = pipelines.reduce<number>((sum, one) => sum + one.memoryBytes, MEASURED.process)
  const trains = config.pipelines.some(({ training }) => training.enabled)
  const cores = pipelines.reduce<number | null>(
    (sum, one) => (sum === null || one.cores === null ? null : sum + one.cores),
    trains ? 1 : 0,
  )
  return {
    pipelines,
    recordsPerSecondPerCore: 1 / seconds,
    trainingSecondsPerMillion: MEASURED.training.any + TRAINED * MEASURED.training.observation,
    memoryBytes,
    memoryWhileTrainingBytes: memoryBytes + (trains ? MEASURED.trainer : 0),
    cores,
    limits,
  }
}

function sizeOf(pipeline: PipelineConfig, { series, rate }: SizingRequest, seconds: number): PipelineSize {
  const { interval, state, model } = pipeline
  const bytesPerSeries = new StateLayout(pipeline).bytesPerSeries(stateSize(model))
  const residentSeries = Math.min(series, state.maxResidentSeries)
  const recordsPerSecond = rate ?? (interval > 0 ? (series * 1000) / interval : null)
  return {
    name: pipeline.name,
    bytesPerSeries,
    residentSeries,
    recordsPerSecond,
    memoryBytes: residentSeries * bytesPerSeries * MEASURED.perStateByte,
    // LMDB writes beside what it replaces.
    diskBytes: 2 * series * bytesPerSeries,
    cores: recordsPerSecond === null ? null : (recordsPerSecond * seconds) / BUSY,
  }
}

export function printSizing(sizing: Sizing): string {
  const { pipelines, memoryBytes, memoryWhileTrainingBytes, cores, limits } = sizing
  const number = (value: number): string =>
    value.toLocaleString('en', { maximumFractionDigits: value < 10 ? 1 : 0 })
  const core = (value: number | null): string => (value === null ? 'give --rate' : value.toFixed(2))
  const rows = pipelines.map((one) => [
    one.name,
    number(one.bytesPerSeries),
    number(one.residentSeries),
    size(one.memoryBytes),
    size(one.diskBytes),
    one.recordsPerSecond === null ? '?' : number(one.recordsPerSecond),
    core(one.cores),
  ])
  const names = ['pipeline', 'bytes/series', 'in memory', 'memory', 'states on disk', 'records/s', 'cores']
  const enough = memoryWhileTrainingBytes <= limits.memoryBytes && (cores ?? 0) <= limits.cpus
  const allowed = `${limits.cpus.toFixed(1)} cores and ${size(limits.memoryBytes)}`
  return [
    table(names, rows),
    `A core takes ${number(sizing.recordsPerSecondPerCore)} records/s; half of that is planned for.`,
    `Training on a million observations takes ${number(sizing.trainingSecondsPerMillion)} s of a core.`,
    `In all: ${size(memoryBytes)}, ${size(memoryWhileTrainingBytes)} while it trains; cores, one for training included: ${core(cores)}.`,
    `This ${limits.limited ? 'control group' : 'machine'} has ${allowed}${enough ? '' : ': too little'}.`,
    '',
  ].join('\n')
}

function size(bytes: number): string {
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(0)} MB` : `${(bytes / 1e9).toFixed(1)} GB`
}

/** For options. */
export function amount(text: string): number {
  const value = Number(text)
  if (text.trim() !== '' && value > 0 && Number.isFinite(value)) return value
  throw new InvalidArgumentError('Expected a number above 0.')
}
