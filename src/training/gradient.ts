import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs-core'
import { stateSize, type NetworkSpec } from '../core/network-spec.js'
import type { CellForm } from '../model/cell.js'
import { cellForm } from '../model/cells.js'
import { decode } from '../model/decoder.js'
import { calendarRows, headForecast } from '../model/head.js'
import { pinballLoss } from '../model/loss.js'
import { stacked, type Dropout, type Stacked } from '../model/stack.js'
import type { TensorFlow } from '../model/tensorflow.js'
import { unpackWeights, type NetworkWeights } from '../model/weights.js'
import type { Batch } from './dataset.js'
import type { BatchFeedback } from './feedback.js'
import { ALONE, lossGradient, type Gradient } from './loss-gradient.js'

export interface ChunkOptions {
  readonly dropout: Dropout | null
  /** With a decoder: see `drawFeedback`. */
  readonly feedback: BatchFeedback | null
}

/** Back-propagation through time over one chunk: unrolled, its loss, and the gradient of all weights and of its start. */
export function chunkGradient(
  tf: TensorFlow,
  fused: boolean,
  spec: NetworkSpec,
  weights: Float32Array,
  batch: Batch,
  options: ChunkOptions,
  share = ALONE,
): Gradient {
  const K = batch.horizonSteps.length
  const N = batch.origins.length * batch.streams
  return lossGradient(tf, weights, batch.states, batch.streams, share, (flat, start) => {
    const w = unpackWeights(tf, spec, flat)
    const unrolled = unroll(tf, fused, spec, w, batch, start, options.dropout)
    const forecast = forecasts(tf, spec, cellForm(spec, fused), w, unrolled, batch, options)
    const target = tf.tensor2d(batch.targets, [N, K])
    const loss = pinballLoss(tf, spec.quantiles, forecast, target, tf.tensor2d(batch.mask, [N, K]))
    return { loss, last: unrolled.last }
  })
}

/** States at the end of a chunk, [B, stateSize], without a gradient. */
export function chunkStates(
  tf: TensorFlow,
  fused: boolean,
  spec: NetworkSpec,
  weights: Float32Array,
  batch: Batch,
  dropout: Dropout | null,
): Float32Array {
  let states: Float32Array | undefined
  tf.tidy(() => {
    const w = unpackWeights(tf, spec, tf.tensor1d(weights.slice()))
    const start: Tensor2D = tf.tensor2d(batch.states, [batch.streams, stateSize(spec)])
    states = unroll(tf, fused, spec, w, batch, start, dropout).last.dataSync<'float32'>().slice()
  })
  return states!
}

function unroll(
  tf: TensorFlow,
  fused: boolean,
  spec: NetworkSpec,
  w: NetworkWeights,
  batch: Batch,
  start: Tensor2D,
  dropout: Dropout | null,
): Stacked {
  const residual = spec.residual ?? false
  const x = inputsOf(tf, spec, w, batch)
  return stacked(tf, cellForm(spec, fused), w.layers, x, start, { residual, dropout })
}

/** From the states at the batch's origins: the head for each of its horizon steps, or the decoder unrolled over them. */
export function forecasts(
  tf: TensorFlow,
  spec: NetworkSpec,
  form: CellForm,
  w: NetworkWeights,
  unrolled: Pick<Stacked, 'hidden' | 'states'>,
  batch: Batch,
  { dropout, feedback }: ChunkOptions,
): Tensor3D {
  const K = batch.horizonSteps.length
  const N = batch.origins.length * batch.streams
  const origins = tf.tensor1d(batch.origins, 'int32')
  const atOrigins = (x: Tensor3D): Tensor2D => tf.reshape(tf.gather(x, origins), [N, spec.hidden])
  const features = tf.tensor3d(batch.features, [N, K, spec.targetFeatures])
  const days = calendarRows(tf, w.head, tf.tensor1d(batch.calendar, 'int32'))
  if (feedback === null) {
    const steps = tf.tensor1d(batch.horizonSteps, 'int32')
    return headForecast(tf, spec, w.head, atOrigins(unrolled.hidden), { steps, features, days })
  }
  const states = tf.concat(unrolled.states.map(atOrigins), 1)
  const fed = {
    truth: tf.tensor2d(batch.targets, [N, K]),
    taught: tf.tensor2d(feedback.taught, [N, K]),
    draws: tf.tensor3d(feedback.draws, [N, K, spec.quantiles.length]),
  }
  return decode(tf, spec, form, w, states, { features, days }, fed, dropout)
}

/** x [T, B, inputs + embedding] */
export function inputsOf(tf: TensorFlow, spec: NetworkSpec, w: NetworkWeights, batch: Batch): Tensor3D {
  const inputs = tf.tensor3d(batch.inputs, [batch.steps, batch.streams, spec.inputs])
  return w.embedding === null ? inputs : tf.concat([inputs, embedSteps(tf, w.embedding, batch)], 2)
}

/** The series' embedding at every step of its stream: [T, B, embedding]; row 0, the unknown series, is zero. */
function embedSteps(tf: TensorFlow, table: Tensor2D, batch: Batch): Tensor3D {
  const withUnknown = tf.concat([tf.zeros([1, table.shape[1]]), table], 0)
  const rows = tf.gather(withUnknown, tf.tensor1d(batch.embedding, 'int32')) // [B, embedding]
  return tf.tile(tf.expandDims(rows, 0), [batch.steps, 1, 1])
}
