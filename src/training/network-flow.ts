import type { Scalar, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core'
import { STATES, stateSize, type NetworkSpec } from '../core/network-spec.js'
import { cellForm } from '../model/cells.js'
import { gradientFlow } from '../model/gradient-flow.js'
import { pinballLoss } from '../model/loss.js'
import type { Random } from '../model/random.js'
import { splitStates, stacked } from '../model/stack.js'
import type { TensorFlow } from '../model/tensorflow.js'
import { unpackWeights } from '../model/weights.js'
import type { Batch } from './dataset.js'
import { drawFeedback } from './feedback.js'
import { forecasts, inputsOf } from './gradient.js'

/** Whose gradient is followed back: the top layer's h, or the loss of the forecast made from the last step. */
export type FlowOf = 'hidden' | 'loss'

/**
 * `gradientFlow` of a whole network, all of its layers, on real inputs. For the hidden state each sequence carries the gradient
 * of one random sum ± h of its units, whose square has the squared norm of the Jacobian as its mean (Hutchinson 1990): over the
 * sequences of a batch that is good to a few per cent.
 * @param batch of which the steps up to the last origin are unrolled
 */
export function networkFlow(
  tf: TensorFlow,
  fused: boolean,
  spec: NetworkSpec,
  weights: Float32Array,
  batch: Batch,
  lags: readonly number[],
  of: FlowOf,
  random: Random,
): Float64Array {
  const last = upToLastOrigin(batch)
  const { streams } = last
  const form = cellForm(spec, fused)
  const residual = spec.residual ?? false
  tf.engine().startScope()
  try {
    const w = unpackWeights(tf, spec, tf.tensor1d(weights.slice()))
    const signs: Tensor2D = tf.tensor2d(
      Float32Array.from({ length: streams * spec.hidden }, () => (random.uniform() < 0.5 ? -1 : 1)),
      [streams, spec.hidden],
    )
    const feedback = spec.decoder === undefined ? null : drawFeedback(spec, last, 1, random)
    const perLayer = STATES[spec.cell]
    const hiddenOf = (states: Tensor2D): Scalar => {
      const top = splitStates(tf, states, spec.layers, perLayer).at(-1)![0]!
      return tf.sum<Scalar>(tf.mul(top, signs))
    }
    const lossOf = (states: Tensor2D): Scalar => {
      const parts = splitStates(tf, states, spec.layers, perLayer)
      const layers = parts.map(([h]) => h!)
      const top = residual ? tf.addN(layers) : layers.at(-1)!
      const only = { hidden: oneStep(top), states: parts.flat().map(oneStep) }
      const forecast = forecasts(tf, spec, form, w, only, last, { dropout: null, feedback })
      const shape: [number, number] = [streams, last.horizonSteps.length]
      const [target, mask] = [tf.tensor2d(last.targets, shape), tf.tensor2d(last.mask, shape)]
      return pinballLoss(tf, spec.quantiles, forecast, target, mask)
    }
    const oneStep = (h: Tensor2D): Tensor3D => tf.expandDims(h, 0)
    return gradientFlow(
      tf,
      (x, states) => stacked(tf, form, w.layers, x, states, { residual }).last,
      inputsOf(tf, spec, w, last),
      tf.tensor2d(last.states, [streams, stateSize(spec)]),
      lags,
      of === 'hidden' ? hiddenOf : lossOf,
    )
  } finally {
    tf.engine().endScope()
  }
}

/** The batch's steps as far as its last origin, with the targets of that one alone; it is then origin 0 of what it is read from. */
function upToLastOrigin(batch: Batch): Batch {
  const steps = batch.origins.at(-1)! + 1
  const count = batch.origins.length
  const tail = <T extends Float32Array | Int32Array>(values: T): T =>
    values.slice((values.length / count) * (count - 1)) as T
  return {
    ...batch,
    steps,
    inputs: batch.inputs.slice(0, (batch.inputs.length / batch.steps) * steps),
    origins: new Int32Array(1),
    features: tail(batch.features),
    calendar: tail(batch.calendar),
    targets: tail(batch.targets),
    mask: tail(batch.mask),
  }
}
