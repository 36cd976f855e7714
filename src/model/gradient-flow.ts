import type { Scalar, Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core'
import type { TensorFlow } from './tensorflow.js'

/** The states after x [steps, batch, inputs], from those before it; both [batch, stateSize]. */
export type Advance = (x: Tensor3D, states: Tensor2D) => Tensor2D

/**
 * How much of a gradient is left after k steps back: ‖∂y/∂s_{T−k}‖ / ‖∂y/∂s_T‖, where s is all that is carried, and ‖·‖ is
 * Frobenius', over the whole batch. One pass back gives all lags: to the state after each step asked for, zero is added,
 * and the gradient by that zero is what is wanted. Between them the unrolled sequence runs as it does in training.
 * @param x [T, batch, inputs]
 * @param start [batch, stateSize]
 * @param lags ascending, from 0 to at most T
 * @param of y, from the last states
 */
export function gradientFlow(
  tf: TensorFlow,
  advance: Advance,
  x: Tensor3D,
  start: Tensor2D,
  lags: readonly number[],
  of: (states: Tensor2D) => Scalar,
): Float64Array {
  const [steps, batch, inputs] = x.shape
  const places = lags.map((lag) => steps - lag).reverse()
  const norms = tf.tidy<number[]>(() => {
    const unroll = (...zeros: Tensor[]): Scalar => {
      let states = start
      let at = 0
      places.forEach((place, i) => {
        if (place > at) states = advance(tf.slice(x, [at, 0, 0], [place - at, batch, inputs]), states)
        states = tf.add(states, zeros[i]!)
        at = place
      })
      return of(states)
    }
    return tf
      .grads(unroll)(places.map(() => tf.zeros(start.shape)))
      .map(size)
  })
  norms.reverse()
  return Float64Array.from(norms, (norm) => norm / norms[0]!)
}

/** In double precision: the squares of what has nearly vanished are too small for single. */
function size(gradient: Tensor): number {
  let sum = 0
  for (const value of gradient.dataSync<'float32'>()) sum += value * value
  return Math.sqrt(sum)
}

/** The lag at which a profile falls to this share; between lags it falls exponentially. `null`: not within them. */
export function lagOfFall(lags: readonly number[], flow: ArrayLike<number>, share: number): number | null {
  const i = lags.findIndex((_, k) => flow[k]! < share)
  if (i < 0) return null
  if (i === 0) return lags[0]!
  const [before, after] = [Math.log(flow[i - 1]!), Math.log(Math.max(flow[i]!, Number.MIN_VALUE))]
  return lags[i - 1]! + ((before - Math.log(share)) / (before - after)) * (lags[i]! - lags[i - 1]!)
}
