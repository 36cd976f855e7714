import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core'
import { calendarTable, type HeadWeights } from './head.js'
import type { Kernels } from './kernels.js'
import type { TensorFlow } from './tensorflow.js'
import { HEAD_WIDTH } from './weights.js'

/** The head at work, without a gradient: the equations of `headForecast` up to o = W_3 b; `Readout` has the rest. */
export class SteppingHead {
  private readonly weights: readonly [state: Tensor, features: Tensor, hidden: Tensor, output: Tensor]
  /** [1, horizon, A] */
  private readonly steps: Tensor
  /** [weekdays · slots, A] */
  private readonly calendar: Tensor2D

  constructor(
    private readonly tf: TensorFlow,
    private readonly op: Kernels,
    w: HeadWeights,
  ) {
    this.weights = [w.state, w.features, w.hidden, w.output]
    this.steps = tf.expandDims(w.steps, 0)
    this.calendar = calendarTable(tf, w)
  }

  /**
   * a = ReLU(W_h h + W_f f_k + E_k + E_calendar) · b = ReLU(W_2 a) · o = W_3 b.
   * @param h [rows, hidden]
   * @param features [rows · K, F]
   * @param calendar [rows · K] weekday · slots + slot
   * @param k the one horizon step (from 0) that is asked for; absent: all K of them
   * @returns o [rows · K, Q + M], without its bias
   */
  outputs(h: Tensor2D, features: Tensor2D, calendar: Int32Array, k?: number): Float32Array {
    const { tf, op } = this
    const [state, ofFeatures, hidden, output] = this.weights
    const rows = h.shape[0]
    const days = op.gather(this.calendar, tf.tensor1d(calendar, 'int32'))
    const perTarget = op.add(op.matMul(features, ofFeatures), days) // [rows·K, A]
    const steps = k === undefined ? this.steps : tf.slice(this.steps, [0, k, 0], [1, 1, HEAD_WIDTH])
    const perState = tf.reshape(op.matMul(h, state), [rows, 1, HEAD_WIDTH])
    const perStep = tf.reshape(op.add(perState, steps), [-1, HEAD_WIDTH]) // [rows·K, A]
    const a = op.relu(op.add(perStep, perTarget))
    const b = op.relu(op.matMul(a, hidden))
    return op.matMul(b, output).dataSync<'float32'>()
  }

  tensors(): Tensor[] {
    return [...this.weights, this.steps, this.calendar]
  }
}
