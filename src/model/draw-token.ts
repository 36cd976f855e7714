import type { Random } from './random.js'

/** A token drawn from softmax(logits / temperature); logarithms of probabilities are logits too. */
export function drawToken(logits: ArrayLike<number>, temperature: number, random: Random): number {
  let largest = -Infinity
  for (let token = 0; token < logits.length; token++) largest = Math.max(largest, logits[token]!)
  const weights = Float64Array.from(logits, (logit) => Math.exp((logit - largest) / temperature))
  let left = random.uniform() * weights.reduce((sum, weight) => sum + weight, 0)
  for (let token = 0; token < weights.length; token++) {
    left -= weights[token]!
    if (left < 0) return token
  }
  return weights.length - 1
}
