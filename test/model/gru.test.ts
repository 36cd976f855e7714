import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Scalar, Tensor, Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core'
import { clipByGlobalNorm, globalNorm } from '../../src/model/clipping.js'
import { stackedGru, type GruWeights } from '../../src/model/gru.js'
import { tensorflow } from './backend.js'
import { flatWeights, goldenFiles, readGolden, type Golden } from './golden.js'

const tf = tensorflow()
const TOLERANCE = 1e-4

const flat = (value: unknown): number[] => [value].flat(Infinity as 1) as unknown as number[]

function assertClose(actual: ArrayLike<number>, expected: readonly number[], what: string): void {
  const largest = Math.max(1e-12, ...expected.map(Math.abs))
  assert.equal(actual.length, expected.length, what)
  expected.forEach((value, i) => {
    const off = Math.abs(actual[i]! - value) / largest
    assert.ok(off < TOLERANCE, `${what}[${i}]: ${actual[i]!} instead of ${value}`)
  })
}

const layersOf = (tensors: readonly Tensor[]): GruWeights[] =>
  Array.from({ length: (tensors.length - 2) / 4 }, (_, l) => ({
    gates: tensors[4 * l] as Tensor2D,
    gatesBias: tensors[4 * l + 1] as Tensor1D,
    candidate: tensors[4 * l + 2] as Tensor2D,
    candidateBias: tensors[4 * l + 3] as Tensor1D,
  }))

/** Runs the file's network chunk by chunk, the state handed on as a value; gradients add up over chunks. */
function run(golden: Golden, fused: boolean) {
  return tf.tidy(() => {
    const weights = flatWeights(tf, golden.weights)
    const hidden: number[] = []
    const output: number[] = []
    const losses: number[] = []
    const dx: number[] = []
    const sums = weights.map((w) => new Float32Array(w.size))
    let dInitial: number[] = []
    const carried: Tensor[] = []
    const initial = golden.initialState.map((layer) => tf.tensor2d(layer.forward.h.map((row) => [...row])))
    let state = tf.concat(initial, 1)
    const length = golden.chunk ?? golden.steps
    for (let at = 0; at < golden.steps; at += length) {
      const x = tf.tensor3d(golden.x.slice(at, at + length) as number[][][])
      const target = tf.tensor3d(golden.target.slice(at, at + length) as number[][][])
      const lossOf = (...args: Tensor[]): Scalar => {
        const [input, start, ...w] = args as [Tensor3D, Tensor2D, ...Tensor[]]
        const result = stackedGru(tf, layersOf(w), input, start, fused)
        const rows = tf.reshape(result.hidden, [-1, golden.hiddenSize])
        const y = tf.add(tf.matMul(rows as Tensor2D, w.at(-2) as Tensor2D), w.at(-1)!)
        hidden.push(...result.hidden.dataSync())
        output.push(...y.dataSync())
        carried.push((state = tf.keep(result.last)))
        return tf.mean(tf.squaredDifference(tf.reshape(y, target.shape), target))
      }
      const before = state
      const { value, grads } = tf.valueAndGrads(lossOf)([x, before, ...weights])
      losses.push(value.dataSync()[0]!)
      dx.push(...grads[0]!.dataSync())
      if (at === 0) dInitial = [...grads[1]!.dataSync()]
      grads.slice(2).forEach((g, i) => g.dataSync().forEach((v, j) => (sums[i]![j]! += v)))
    }
    tf.dispose(carried)
    return { hidden, output, losses, dx, dInitial, sums }
  })
}

for (const fused of [true, false]) {
  for (const file of goldenFiles()) {
    test(`${file}: the ${fused ? 'fused' : 'plain'} form has the reference's values and gradients`, () => {
      const golden = readGolden(file)
      const before = tf.memory().numTensors
      const result = run(golden, fused)
      assertClose(result.hidden, flat(golden.hidden), 'hidden')
      assertClose(result.output, flat(golden.output), 'output')
      assertClose(result.losses, golden.loss, 'loss')
      assertClose(result.dx, flat(golden.gradients.x), 'gradient of x')
      const perLayer = golden.gradients.initialState.map((layer) => layer.forward.h)
      const expectedInitial = perLayer[0]!.map((_, row) => perLayer.map((h) => h[row]!))
      assertClose(result.dInitial, flat(expectedInitial), 'gradient of the initial state')
      const expected = tf.tidy(() => flatWeights(tf, golden.gradients).map((t) => [...t.dataSync()]))
      expected.forEach((values, i) => assertClose(result.sums[i]!, values, `gradient of weight ${i}`))

      const all = Float32Array.from(result.sums.flatMap((sum) => [...sum]))
      assertClose([globalNorm(all)], [golden.gradientNorm], 'gradient norm')
      if (golden.clipped !== undefined && golden.clipNorm !== undefined) {
        clipByGlobalNorm(all, golden.clipNorm)
        const clipped = tf.tidy(() => flatWeights(tf, golden.clipped!).flatMap((t) => [...t.dataSync()]))
        assertClose(all, clipped, 'clipped gradients')
      }
      assert.equal(tf.memory().numTensors, before)
    })
  }
}
