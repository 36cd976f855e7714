import { TargetIndex } from '../core/features.js'
import type { SeriesHistory } from '../core/history.js'
import { StateLayout, type SeriesShape } from '../core/layout.js'
import type { NetworkSpec } from '../core/network-spec.js'
import type { TrainingConfig } from '../config/types.js'
import { initialWeights } from '../model/initial-weights.js'
import { Network } from '../model/network.js'
import { Random } from '../model/random.js'
import type { TensorFlow } from '../model/tensorflow.js'
import type { Scores, TrainingReport } from '../ports/model-store.js'
import { Streams } from './dataset.js'
import { encodeHistory, type EncodedSeries } from './encode-history.js'
import { TrainingError } from './error.js'
import { evaluate, type Evaluation } from './evaluate.js'
import { fit } from './fit.js'
import { networkSpec } from './network-spec.js'
import { splitByTime, type SplitSeries } from './split.js'
import { Validation } from './validation.js'

const VALIDATE_EVERY = 20
const STOP_MARGIN = 1.01

export interface TrainingProgress {
  readonly update: number
  readonly updates: number
  readonly loss: number
  readonly gradientNorm: number
  readonly clippedNorm: number
  readonly seconds: number
  readonly etaSeconds: number
}

export interface TrainingOptions {
  readonly tf: TensorFlow
  readonly fused: boolean
  readonly histories: readonly SeriesHistory[]
  readonly shape: SeriesShape
  readonly model: { readonly layers: number; readonly hidden: number }
  readonly training: TrainingConfig
  readonly onProgress: (progress: TrainingProgress) => void
  readonly signal: AbortSignal
}

export interface TrainingResult {
  readonly spec: NetworkSpec
  readonly weights: Float32Array
  readonly report: TrainingReport
  readonly scores: { readonly network: Scores; readonly baseline: Scores }
}
export async function trainNetwork(options: TrainingOptions): Promise<any> {
  const { tf, fused, histories, shape, training } = options
  const started = performance.now()
  const layout = new StateLayout(shape)
  const spec = networkSpec(histories, shape, options.model)
  const rows = new Map(spec.series.map((series, i) => [series, i + 1]))
  const encoded = histories.flatMap((h) => encodeHistory(layout, h, rows.get(h.series) ?? 0) ?? [])
  const tEncode = performance.now() - started
  const target = new TargetIndex(layout)
  const split = splitByTime(encoded, training.validation, training.holdout)
  const steps = split.reduce((s, x) => s + x.training, 0)
  const updates =
    training.updates ||
    Math.max(100, Math.min(500, Math.round((50 * steps) / (training.streams * training.chunk))))
  const validation = new Validation(
    spec,
    target,
    split
      .filter((s) => s.validation > s.training)
      .map((s) => ({ series: s.series, from: s.training, end: s.validation })),
  )
  const random = new Random(training.seed)
  const streams = new Streams(
    spec,
    target,
    split.filter((s) => s.training > 50).map((s) => ({ series: s.series, end: s.training })),
    { streams: training.streams, chunk: training.chunk },
    random,
  )
  const curve: [number, number, number][] = []
  const kept: { update: number; loss: number; weights: Float32Array }[] = []
  let valMs = 0
  const final = await fit({
    tf,
    fused,
    spec,
    start: initialWeights(spec, training.seed),
    streams,
    updates,
    learningRate: training.learningRate,
    weightDecay: training.weightDecay,
    clipNorm: training.clipNorm,
    signal: options.signal,
    onUpdate(update, average, loss, norm) {
      if (update % 10 === 0) curve.push([update, loss, norm])
      if (update % VALIDATE_EVERY === 0 && update >= 40) {
        const t = performance.now()
        const network = new Network(tf, spec, average, { fused })
        kept.push({ update, loss: validation.loss(network), weights: average.slice() })
        network.dispose()
        valMs += performance.now() - t
      }
    },
  })
  return {
    spec,
    final,
    kept,
    curve,
    encoded,
    split,
    valMs,
    tEncode,
    ms: performance.now() - started,
    target,
    updates,
  }
}
export { STOP_MARGIN, TrainingError, evaluate }
export type { EncodedSeries, Evaluation, SplitSeries }
