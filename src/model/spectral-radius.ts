import type { Tensor2D } from '@tensorflow/tfjs-core'
import type { TensorFlow } from './tensorflow.js'

const SQUARINGS = 12

/** The largest |eigenvalue| of a square matrix, by Gelfand's formula: ρ = lim ‖Wⁿ‖^(1/n), here with n = 4096; good to 1 %. */
export function spectralRadius(tf: TensorFlow, matrix: Tensor2D): number {
  let logarithm = 0 // Wⁿ = e^logarithm · power, ‖power‖ = 1
  tf.tidy(() => {
    let power = matrix
    for (let i = 0; i <= SQUARINGS; i++) {
      if (i > 0) power = tf.matMul(power, power)
      const norm = Math.sqrt(power.dataSync<'float32'>().reduce((sum, value) => sum + value * value, 0))
      logarithm = 2 * logarithm + Math.log(norm)
      power = tf.div(power, norm)
    }
  })
  return Math.exp(logarithm / 2 ** SQUARINGS)
}
