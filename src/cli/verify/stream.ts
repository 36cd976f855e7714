import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs-core'
import { readObservations } from '../../adapters/files/observations.js'
import { loadConfig } from '../../config/load.js'
import type { PipelineConfig } from '../../config/types.js'
import type { SeriesHistory } from '../../core/history.js'
import { StateLayout } from '../../core/layout.js'
import { stateSize, type CellKind, type NetworkSpec } from '../../core/network-spec.js'
import { parseTimestamp } from '../../core/timestamp.js'
import { cellForm, formOf, type Form } from '../../model/cells.js'
import { Network } from '../../model/network.js'
import { stacked } from '../../model/stack.js'
import type { TensorFlow } from '../../model/tensorflow.js'
import { unpackWeights } from '../../model/weights.js'
import { encodeHistory } from '../../training/encode-history.js'
import { trainNetwork } from '../../training/train.js'

const HOUR = 3_600_000
/** Enough to leave the initial weights far behind. */
const UPDATES = 40

export interface StreamJob {
  readonly cells: readonly CellKind[]
  /** Of hourly observations; the first series is taken. */
  readonly data: string
  readonly steps: number
}

export interface StreamComparison {
  readonly cell: CellKind
  readonly form: Form
  readonly steps: number
  /** max |streamed − unrolled| over all steps and parts of the state. */
  readonly error: number
  /** max |streamed|: what the error is to be seen beside. */
  readonly largest: number
}

/** Trains a network of each cell, then carries its state observation by observation and unrolls it in one piece. */
export async function compareStreams(
  tf: TensorFlow,
  fused: boolean,
  job: StreamJob,
  compared: (comparison: StreamComparison) => void,
): Promise<void> {
  const history = await firstSeries(job.data)
  for (const cell of job.cells) {
    const config = pipelineOf(cell)
    const { model, training } = config
    const onProgress = (): void => undefined
    const { signal } = new AbortController()
    const options = { tf, fused, histories: [history], shape: config, model, training, onProgress, signal }
    const { spec, weights } = await trainNetwork(options)
    const encoded = encodeHistory(new StateLayout(config), history, 0)
    if (encoded === null || encoded.length < job.steps)
      throw new Error(`${job.data} has ${encoded?.length ?? 0} steps of ${history.series}, not ${job.steps}`)
    const inputs = encoded.inputs.subarray(0, job.steps * spec.inputs)
    for (const native of fused ? [true, false] : [false]) {
      const streamed = stream(tf, spec, weights, inputs, native)
      const unrolled = unroll(tf, spec, weights, inputs, native)
      const error = largestDifference(streamed, unrolled)
      const largest = largestDifference(streamed, new Float32Array(streamed.length))
      compared({ cell, form: formOf(tf, native), steps: job.steps, error, largest })
    }
  }
}

/** States after every step, [steps, stateSize]: one step of the daemon's own network per observation. */
function stream(
  tf: TensorFlow,
  spec: NetworkSpec,
  weights: Float32Array,
  inputs: Float32Array,
  fused: boolean,
): Float32Array {
  const network = new Network(tf, spec, weights, { fused })
  const [I, S] = [spec.inputs, stateSize(spec)]
  const steps = inputs.length / I
  const all = new Float32Array(steps * S)
  const states = new Float32Array(S)
  const none = { features: new Float32Array(), calendar: new Int32Array(), embedding: new Int32Array(1) }
  const output = { states, forecasts: new Float32Array() }
  for (let t = 0; t < steps; t++) {
    const x = inputs.subarray(t * I, (t + 1) * I)
    network.step({ rows: 1, observed: 0, inputs: x, states, ...none }, output)
    all.set(states, t * S)
  }
  network.dispose()
  return all
}

/** The same from one unroll over all steps, as training has them. */
function unroll(
  tf: TensorFlow,
  spec: NetworkSpec,
  weights: Float32Array,
  inputs: Float32Array,
  fused: boolean,
): Float32Array {
  const S = stateSize(spec)
  const steps = inputs.length / spec.inputs
  let all = new Float32Array()
  tf.tidy(() => {
    const { layers } = unpackWeights(tf, spec, tf.tensor1d(weights.slice()))
    const x: Tensor3D = tf.tensor3d(inputs.slice(), [steps, 1, spec.inputs])
    const zero: Tensor2D = tf.zeros([1, S])
    const residual = spec.residual ?? false
    const { states } = stacked(tf, cellForm(spec, fused), layers, x, zero, { residual })
    all = tf
      .concat([...states], 2)
      .dataSync<'float32'>()
      .slice()
  })
  return all
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0)
}

function pipelineOf(cell: CellKind): PipelineConfig {
  const pipeline = {
    interval: '1h',
    season: [24, 168],
    horizon: 24,
    model: { cell },
    training: { updates: UPDATES },
  }
  return loadConfig({ files: [], text: JSON.stringify({ pipelines: { stream: pipeline } }), env: {} })
    .pipelines[0]!
}

async function firstSeries(file: string): Promise<SeriesHistory> {
  const rows: { readonly index: number; readonly value: number }[] = []
  let series: string | undefined
  for await (const chunk of readObservations(file)) {
    for (const row of chunk) {
      series ??= row.series
      const ts = typeof row.ts === 'number' ? row.ts : parseTimestamp(row.ts)
      if (row.series === series && ts === ts)
        rows.push({ index: Math.round(ts / HOUR), value: row.value ?? NaN })
    }
  }
  const start = rows[0]?.index
  if (series === undefined || start === undefined) throw new Error(`${file} has no observations`)
  const length = rows.at(-1)!.index - start + 1
  const values = new Float64Array(length).fill(NaN)
  for (const { index, value } of rows) values[index - start] = value
  const ts = Float64Array.from({ length }, (_, i) => (start + i) * HOUR)
  return { series, start, values, ts }
}
