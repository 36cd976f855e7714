/** n = sqrt(Σ g²) over all weights together. */
export function globalNorm(gradient: Float32Array): number {
  let sum = 0
  for (let i = 0; i < gradient.length; i++) sum += gradient[i]! * gradient[i]!
  return Math.sqrt(sum)
}

/** If n > c, then g ← g · c / n, in place: long chains of steps cannot make an update explode. Returns n. */
export function clipByGlobalNorm(gradient: Float32Array, limit: number): number {
  const norm = globalNorm(gradient)
  if (norm > limit) {
    const factor = limit / norm
    for (let i = 0; i < gradient.length; i++) gradient[i]! *= factor
  }
  return norm
}
