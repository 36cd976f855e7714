import type { Tensor2D } from '@tensorflow/tfjs-core'
import { STATES, stateSize, type NetworkSpec } from '../core/network-spec.js'
import { activity, type Activity } from '../model/activity.js'
import { cellForm } from '../model/cells.js'
import { lagOfFall } from '../model/gradient-flow.js'
import type { Random } from '../model/random.js'
import { splitStates, stacked } from '../model/stack.js'
import type { TensorFlow } from '../model/tensorflow.js'
import { unpackWeights } from '../model/weights.js'
import type { GradientDynamics } from '../ports/model-store.js'
import type { Batch } from './dataset.js'
import { inputsOf } from './gradient.js'
import { networkFlow } from './network-flow.js'

/** A gradient of which less is left teaches nothing. */
const LITTLE = 0.01
/** Denser at first, where more happens. The sequence between two of them is unrolled in one piece, as in training. */
const LAGS = [0, 1, 2, 4, 8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024]

/** Gradients and activations of a network on one chunk of its training: about the work of half an update. */
export function measureDynamics(
  tf: TensorFlow,
  fused: boolean,
  spec: NetworkSpec,
  weights: Float32Array,
  batch: Batch,
  random: Random,
): GradientDynamics {
  const { saturated, dead } = worst(layerActivity(tf, fused, spec, weights, batch))
  const lags = LAGS.filter((lag) => lag <= batch.origins.at(-1)!)
  const flow = networkFlow(tf, fused, spec, weights, batch, lags, 'hidden', random)
  const reach = lagOfFall(lags, flow, LITTLE)
  return { saturated, dead, flow: lags.map((lag, i) => [lag, flow[i]!]), reach }
}

function layerActivity(
  tf: TensorFlow,
  fused: boolean,
  spec: NetworkSpec,
  weights: Float32Array,
  batch: Batch,
): Activity[] {
  tf.engine().startScope()
  try {
    const w = unpackWeights(tf, spec, tf.tensor1d(weights.slice()))
    const start: Tensor2D = tf.tensor2d(batch.states, [batch.streams, stateSize(spec)])
    const x = inputsOf(tf, spec, w, batch)
    const residual = spec.residual ?? false
    const { inputs, states } = stacked(tf, cellForm(spec, fused), w.layers, x, start, { residual })
    const perLayer = STATES[spec.cell]
    const starts = splitStates(tf, start, spec.layers, perLayer)
    return w.layers.map((layer, l) =>
      activity(tf, spec, layer, inputs[l]!, starts[l]![0]!, states[l * perLayer]!),
    )
  } finally {
    tf.engine().endScope()
  }
}

/** Of the layer that fares worst. */
function worst(layers: readonly Activity[]): Activity {
  const most = (of: (layer: Activity) => number | null): number | null => {
    const shares = layers.flatMap((layer) => of(layer) ?? [])
    return shares.length === 0 ? null : Math.max(...shares)
  }
  return { saturated: most(({ saturated }) => saturated), dead: most(({ dead }) => dead) }
}
