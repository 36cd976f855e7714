import type { TrainingConfig } from '../../config/types.js'
import type { SeriesHistory } from '../../core/history.js'
import { stateSize, type NetworkSpec } from '../../core/network-spec.js'
import type { Vocabulary } from '../../core/vocabulary.js'
import { Random } from '../../model/random.js'
import { networkOf } from '../../model/stepping-network.js'
import { SymbolNetwork, tokenSpec } from '../../model/symbol-network.js'
import type { TensorFlow } from '../../model/tensorflow.js'
import { initialTokenWeights } from '../../model/token-network.js'
import { systemClock } from '../../ports/clock.js'
import type { Scores } from '../../ports/model-store.js'
import { Checkpoints, type Checkpoint } from '../checkpoints.js'
import { TrainingError } from '../error.js'
import { descend, type FitOptions } from '../fit.js'
import type { ModelChoice } from '../network-spec.js'
import { ProgressMeter, type TrainingProgress } from '../progress.js'
import { sampleSeries } from '../sample.js'
import { splitByTime, type SplitSeries } from '../split.js'
import { VALIDATE_EVERY } from '../attempt.js'
import { chooseUpdates, moreData, type TrainingResult } from '../train.js'
import { chunkedGradient } from '../update-gradient.js'
import { scoreBaseline, scoreNetwork, type JudgedRange } from './evaluate.js'
import { symbolGradient, symbolStates } from './gradient.js'
import { sequencesOf, type Sequence } from './sequences.js'
import { SymbolStreams, type SymbolRange } from './streams.js'

/** Width of a symbol's embedding. */
const EMBEDDING = 16
/** Targets of a look at the validation loss. */
const VALIDATED = 4000

export interface SymbolTrainingOptions {
  readonly tf: TensorFlow
  readonly fused: boolean
  /** Values are numbers of `seen`. */
  readonly histories: readonly SeriesHistory[]
  readonly seen: Vocabulary
  readonly maxVocabulary: number
  readonly model: ModelChoice
  readonly training: TrainingConfig
  readonly onProgress: (progress: TrainingProgress) => void
  readonly signal: AbortSignal
}

/**
 * Trains a network of symbols, as `trainNetwork` does one of numbers: on the oldest part of the data, until the next part
 * says stop, judged on the newest; what is handed back is trained anew on everything.
 */
export async function trainSymbols(options: SymbolTrainingOptions): Promise<TrainingResult> {
  const { tf, fused, training } = options
  const startedAt = systemClock.now()
  const histories = sampleSeries(options.histories, new Random(training.seed))
  const { symbols, sequences } = sequencesOf(histories, options.seen, options.maxVocabulary)
  const spec = symbolSpec(symbols, options.model)
  const split = splitByTime(sequences, training.validation, training.holdout)
  const known = usable(split.map(({ series, training: end }) => ({ sequence: series, end })))
  const everything = usable(sequences.map((sequence) => ({ sequence, end: sequence.length })))
  const refitOf = (updates: number): number => moreData(updates, stepsOf(known), stepsOf(everything))
  const updates = chooseUpdates(stepsOf(known), training)
  const meter = new ProgressMeter(training.clipNorm, options.onProgress)
  meter.extend(updates + refitOf(updates))
  const fitting = {
    ...options,
    spec,
    dropout: options.model.dropout ?? 0,
    onUpdate: (_update: number, _average: Float32Array, loss: number, norm: number) => {
      meter.add(loss, norm)
    },
  }
  const candidate = await fitAndStop({ ...fitting, ranges: known, updates }, split)
  const held = split.map(({ series, validation: from, holdout: end }) => ({ sequence: series, from, end }))
  const network = networkOf(tf, spec, candidate.weights, { fused })
  let scores: { readonly network: Scores; readonly baseline: Scores }
  try {
    scores = { network: scoreNetwork(network, held), baseline: scoreBaseline(held, symbols.length) }
  } finally {
    network.dispose()
  }
  const finalUpdates = refitOf(candidate.update)
  meter.extend(finalUpdates)
  const weights = await fitSymbols({ ...fitting, ranges: everything, updates: finalUpdates })
  return {
    spec,
    weights,
    scores,
    report: {
      startedAt: new Date(startedAt).toISOString(),
      seconds: (systemClock.now() - startedAt) / 1000,
      backend: tf.getBackend(),
      observations: sequences.reduce((sum, one) => sum + one.length, 0),
      series: sequences.length,
      updates: finalUpdates,
      from: sequences.reduce((least, one) => Math.min(least, one.ts[0]!), Infinity),
      to: sequences.reduce((most, one) => Math.max(most, one.ts.at(-1)!), -Infinity),
      curve: meter.curve(),
      clippedShare: meter.clippedShare(),
      validationLoss: candidate.loss,
    },
  }
}

/** What kind of network a vocabulary calls for. */
export function symbolSpec(symbols: readonly string[], model: ModelChoice): NetworkSpec {
  if (symbols.length === 0) throw new TrainingError('too-little-data', 'no symbol has come twice')
  return {
    kind: 'symbols',
    symbols,
    cell: model.cell,
    ...(model.cell === 'rnn' ? { activation: model.activation } : {}),
    layers: model.layers,
    hidden: model.hidden,
    ...(model.residual === true ? { residual: true } : {}),
    inputs: 1,
    embedding: EMBEDDING,
    horizon: 1,
    interval: 0,
    season: { short: 1, long: 1 },
    quantiles: [],
    targetFeatures: 0,
    mixture: 0,
    slots: 0,
    weekdays: 0,
    series: [],
    nonNegative: [],
    annual: false,
  }
}

/** Those with a symbol, and one after it. */
function usable(ranges: readonly SymbolRange[]): readonly SymbolRange[] {
  return ranges.filter(({ end }) => end > 1)
}

function stepsOf(ranges: readonly SymbolRange[]): number {
  return ranges.reduce((sum, { end }) => sum + end, 0)
}

interface SymbolFit extends Pick<
  FitOptions,
  'tf' | 'fused' | 'spec' | 'training' | 'updates' | 'dropout' | 'signal' | 'onUpdate'
> {
  readonly ranges: readonly SymbolRange[]
}

/** Truncated back-propagation through time over endless streams. Returns the averaged weights. */
function fitSymbols(options: SymbolFit): Promise<Float32Array> {
  const { tf, fused, training, ranges, dropout: rate } = options
  const { seed, chunksPerUpdate } = training
  const spec = tokenSpec(options.spec)
  const streams = new SymbolStreams(ranges, training, stateSize(options.spec), new Random(seed))
  return descend(options, initialTokenWeights(spec, new Random(seed)), (weights, update) => {
    const drops = (chunk: number) => (rate > 0 ? { rate, seed: `${seed}/${update}/${chunk}` } : null)
    return chunkedGradient(streams, chunksPerUpdate, {
      states: (batch, chunk) => symbolStates(tf, fused, spec, weights, batch, drops(chunk)),
      gradient: (batch, chunk, share) => symbolGradient(tf, fused, spec, weights, batch, drops(chunk), share),
      targets: ({ mask }) => mask.reduce((a, b) => a + b, 0),
    })
  })
}

/** Trains, and goes back to the minimum of the validation loss where the end lies well above it. */
async function fitAndStop(options: SymbolFit, split: readonly SplitSeries<Sequence>[]): Promise<Checkpoint> {
  const { tf, fused, spec, updates, onUpdate } = options
  const later = validated(split)
  const checkpoints = new Checkpoints()
  await fitSymbols({
    ...options,
    onUpdate(update, average, ...progress) {
      onUpdate(update, average, ...progress)
      if (update % VALIDATE_EVERY !== 0 && update !== updates) return
      const network = new SymbolNetwork(tf, spec, average, { fused })
      checkpoints.add({ update, loss: scoreNetwork(network, later).logLoss!, weights: average.slice() })
      network.dispose()
    },
  })
  return checkpoints.chosen()
}

/** As much of every series' validation part as is looked at. */
function validated(split: readonly SplitSeries<Sequence>[]): JudgedRange[] {
  const total = split.reduce((sum, one) => sum + (one.validation - one.training), 0)
  const share = Math.min(1, VALIDATED / Math.max(1, total))
  return split.map(({ series, training: from, validation }) => ({
    sequence: series,
    from,
    end: from + Math.ceil((validation - from) * share),
  }))
}
