import type { Tensor2D } from '@tensorflow/tfjs-core'
import { TargetIndex } from '../../core/target-index.js'
import { StateLayout } from '../../core/layout.js'
import type { NetworkSpec } from '../../core/network-spec.js'
import { cut } from '../../model/flat-weights.js'
import { glorot } from '../../model/initial-cell.js'
import { initialWeights } from '../../model/initial-weights.js'
import { Random } from '../../model/random.js'
import { spectralRadius } from '../../model/spectral-radius.js'
import type { TensorFlow } from '../../model/tensorflow.js'
import { weightLayout } from '../../model/weights.js'
import { Streams, type Batch } from '../../training/dataset.js'
import { encodeHistory } from '../../training/encode-history.js'
import { networkFlow } from '../../training/network-flow.js'
import { networkSpec } from '../../training/network-spec.js'
import type { Data, GradientsJob, Profile } from './protocol.js'

/** Sequences side by side, from random places of the data. */
const SEQUENCES = 64
/** Steps over which the state runs in; the origin is one of the last three. */
const LEAD = 27
/** Of fresh networks. */
const HIDDEN = 64

type Job = Exclude<GradientsJob, { kind: 'cells' }>

/** Profiles on real data: of the stored network, or of a fresh one of each cell, the vanilla one at several spectral radii. */
export function networkProfiles(tf: TensorFlow, fused: boolean, job: Job): Profile[] {
  if (job.kind === 'stored') return [profile(tf, fused, job, job.model)]
  const { histories, shape } = job.data
  return job.cells.flatMap((cell) => {
    const { activation, seed } = job
    const spec = networkSpec(histories, shape, { cell, activation, layers: 1, hidden: HIDDEN })
    if (cell !== 'rnn')
      return profile(tf, fused, job, { name: cell, spec, weights: freshWeights(spec, seed) })
    return job.radii.map((radius) => {
      const weights = freshWeights(spec, seed)
      scaleRecurrent(spec, weights, radius)
      return profile(tf, fused, job, { name: `rnn ${activation}`, spec, weights })
    })
  })
}

function profile(
  tf: TensorFlow,
  fused: boolean,
  { data, lags, seed }: Job,
  {
    name,
    spec,
    weights,
  }: { readonly name: string; readonly spec: NetworkSpec; readonly weights: Float32Array },
): Profile {
  const batch = sequences(spec, data, lags, seed)
  const all = Array.from({ length: lags + 1 }, (_, lag) => lag)
  const flow = (of: 'hidden' | 'loss'): number[] => [
    ...networkFlow(tf, fused, spec, weights, batch, all, of, new Random(seed)),
  ]
  const radius = spec.cell === 'rnn' ? largestRadius(tf, spec, weights) : null
  const shown = radius === null ? name : `${name}, radius ${Number(radius.toPrecision(2))}`
  return { name: shown, cell: spec.cell, radius, norms: flow('hidden'), loss: flow('loss') }
}

function sequences(spec: NetworkSpec, { histories, shape }: Data, lags: number, seed: number): Batch {
  const layout = new StateLayout(shape)
  const rows = new Map(spec.series.map((series, i) => [series, i + 1]))
  const steps = lags + LEAD
  const ranges = histories.flatMap((history) => {
    const series = encodeHistory(layout, history, rows.get(history.series) ?? 0)
    return series === null || series.length < steps + shape.horizon ? [] : [{ series, end: series.length }]
  })
  if (ranges.length === 0) {
    const needed = steps + shape.horizon
    throw new Error(`no series has ${needed} steps, as many as ${lags} lags need: choose fewer with --lags`)
  }
  const sizes = { streams: SEQUENCES, chunk: steps, chunksPerUpdate: 1 }
  return new Streams(spec, new TargetIndex(layout), ranges, sizes, new Random(seed)).next()
}

/** As a training starts, but for the head's output: there it is zero, so that nothing of the loss would get to the state at all. */
function freshWeights(spec: NetworkSpec, seed: number): Float32Array {
  const weights = initialWeights(spec, seed)
  const output = weightLayout(spec).entries.find(({ name }) => name === 'head.output')!
  const view = weights.subarray(output.offset, output.offset + output.size)
  glorot(view, output.shape, new Random(seed))
  return weights
}

/** Fresh recurrent weights are orthogonal, of radius 1. */
function scaleRecurrent(spec: NetworkSpec, weights: Float32Array, radius: number): void {
  for (const { name, shape, offset, size } of weightLayout(spec).entries) {
    if (!/^rnn\d+\.kernel$/.test(name)) continue
    for (let i = offset + (shape[0]! - spec.hidden) * spec.hidden; i < offset + size; i++)
      weights[i]! *= radius
  }
}

function largestRadius(tf: TensorFlow, spec: NetworkSpec, weights: Float32Array): number {
  tf.engine().startScope()
  try {
    const arrays = cut(tf, weightLayout(spec), tf.tensor1d(weights.slice()))
    const radii = Array.from({ length: spec.layers }, (_, l) => {
      const kernel = arrays.get(`rnn${l}.kernel`) as Tensor2D
      const recurrent = tf.slice(kernel, [kernel.shape[0] - spec.hidden, 0], [spec.hidden, spec.hidden])
      return spectralRadius(tf, recurrent)
    })
    return Math.max(...radii)
  } finally {
    tf.engine().endScope()
  }
}
