import type { Scalar, Tensor, Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core'
import { stateSize, type NetworkSpec } from '../core/network-spec.js'
import { cellForm } from '../model/cells.js'
import { headForecast } from '../model/head.js'
import { pinballLoss } from '../model/loss.js'
import { stacked, type Dropout } from '../model/stack.js'
import type { TensorFlow } from '../model/tensorflow.js'
import { unpackWeights } from '../model/weights.js'
import type { Batch } from './dataset.js'

export interface Gradient {
  readonly loss: number
  /** Of the flat weight vector. */
  readonly gradient: Float32Array
  /** [B, stateSize] at the end of the chunk */
  readonly states: Float32Array
}

/** Truncated back-propagation through time: one chunk unrolled, its loss, and the gradient of all weights. */
export function chunkGradient(
  tf: TensorFlow,
  fused: boolean,
  spec: NetworkSpec,
  weights: Float32Array,
  batch: Batch,
  dropout: Dropout | null = null,
): Gradient {
  const { steps: T, streams: B } = batch
  const K = batch.horizonSteps.length
  const N = batch.origins.length * B
  let states: Tensor2D | undefined
  const result = tf.tidy(() => {
    const lossOf = (flat: Tensor): Scalar => {
      const w = unpackWeights(tf, spec, flat as Tensor1D)
      const inputs = tf.tensor3d(batch.inputs, [T, B, spec.inputs])
      const x = w.embedding === null ? inputs : tf.concat([inputs, embedSteps(tf, w.embedding, batch)], 2)
      const start = tf.tensor2d(batch.states, [B, stateSize(spec)])
      const { hidden, last } = stacked(tf, cellForm(spec, fused), w.layers, x, start, {
        residual: spec.residual ?? false,
        dropout,
      })
      states = tf.keep(last)
      const h = tf.reshape(tf.gather(hidden, tf.tensor1d(batch.origins, 'int32')), [
        N,
        spec.hidden,
      ]) as Tensor2D
      const forecast = headForecast(tf, spec, w.head, h, {
        steps: tf.tensor1d(batch.horizonSteps, 'int32'),
        features: tf.tensor3d(batch.features, [N, K, spec.targetFeatures]),
        calendar: tf.tensor1d(batch.calendar, 'int32'),
      })
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

/** The series' embedding at every step of its stream: [T, B, embedding]; row 0, the unknown series, is zero. */
function embedSteps(tf: TensorFlow, table: Tensor2D, batch: Batch): Tensor3D {
  const withUnknown = tf.concat([tf.zeros([1, table.shape[1]]), table], 0)
  const rows = tf.gather(withUnknown, tf.tensor1d(batch.embedding, 'int32')) // [B, embedding]
  return tf.tile(tf.expandDims(rows, 0), [batch.steps, 1, 1])
}
