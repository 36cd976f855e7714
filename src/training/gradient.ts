import type { Scalar, Tensor, Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core'
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

export interface Gradient {
  readonly loss: number
  /** Of the flat weight vector. */
  readonly gradient: Float32Array
  /** [B, stateSize] at the end of the chunk */
  readonly states: Float32Array
}

export interface GradientOptions {
  readonly dropout: Dropout | null
  /** With a decoder: see `drawFeedback`. */
  readonly feedback: BatchFeedback | null
}

/** Truncated back-propagation through time: one chunk unrolled, its loss, and the gradient of all weights. */
export function chunkGradient(
  tf: TensorFlow,
  fused: boolean,
  spec: NetworkSpec,
  weights: Float32Array,
  batch: Batch,
  options: GradientOptions = { dropout: null, feedback: null },
): Gradient {
  const { streams: B } = batch
  const K = batch.horizonSteps.length
  const N = batch.origins.length * B
  let states: Tensor2D | undefined
  const result = tf.tidy(() => {
    const lossOf = (flat: Tensor): Scalar => {
      const w = unpackWeights(tf, spec, flat as Tensor1D)
      const start = tf.tensor2d(batch.states, [B, stateSize(spec)])
      const { dropout } = options
      const residual = spec.residual ?? false
      const form = cellForm(spec, fused)
      const unrolled = stacked(tf, form, w.layers, inputsOf(tf, spec, w, batch), start, { residual, dropout })
      states = tf.keep(unrolled.last)
      const forecast = forecasts(tf, spec, form, w, unrolled, batch, options)
      const target = tf.tensor2d(batch.targets, [N, K])
      return pinballLoss(tf, spec.quantiles, forecast, target, tf.tensor2d(batch.mask, [N, K]))
    }
    // A copy, as the backend may go on reading the array while the optimizer changes it.
    const { value, grad } = tf.valueAndGrad(lossOf)(tf.tensor1d(weights.slice()))
    return [value, grad]
  })
  const [value, grad] = result as [Scalar, Tensor1D]
  const loss = value.dataSync<'float32'>()[0]!
  const gradient = grad.dataSync<'float32'>().slice()
  const carried = states!.dataSync<'float32'>().slice() // assigned by lossOf, which has run
  tf.dispose([value, grad, states!])
  return { loss, gradient, states: carried }
}

/** From the states at the batch's origins: the head for each of its horizon steps, or the decoder unrolled over them. */
function forecasts(
  tf: TensorFlow,
  spec: NetworkSpec,
  form: CellForm,
  w: NetworkWeights,
  unrolled: Stacked,
  batch: Batch,
  { dropout, feedback }: GradientOptions,
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
function inputsOf(tf: TensorFlow, spec: NetworkSpec, w: NetworkWeights, batch: Batch): Tensor3D {
  const inputs = tf.tensor3d(batch.inputs, [batch.steps, batch.streams, spec.inputs])
  return w.embedding === null ? inputs : tf.concat([inputs, embedSteps(tf, w.embedding, batch)], 2)
}

/** The series' embedding at every step of its stream: [T, B, embedding]; row 0, the unknown series, is zero. */
function embedSteps(tf: TensorFlow, table: Tensor2D, batch: Batch): Tensor3D {
  const withUnknown = tf.concat([tf.zeros([1, table.shape[1]]), table], 0)
  const rows = tf.gather(withUnknown, tf.tensor1d(batch.embedding, 'int32')) // [B, embedding]
  return tf.tile(tf.expandDims(rows, 0), [batch.steps, 1, 1])
}
