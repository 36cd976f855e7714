import { STATES } from '../core/network-spec.js'
import { clipByGlobalNorm } from '../model/clipping.js'
import type { CellChoice } from '../model/cells.js'
import { drawToken } from '../model/draw-token.js'
import { Random } from '../model/random.js'
import type { TensorFlow } from '../model/tensorflow.js'
import { initialTokenWeights, type TokenSpec } from '../model/token-network.js'
import { TokenReader } from '../model/token-reader.js'
import { AdamW } from './optimizer.js'
import { symbolGradient } from './symbols/gradient.js'

const LEARNING_RATE = 0.01
const CLIP_NORM = 5
const SHAPE = { embedding: 16, layers: 2, hidden: 32 }

export interface TextModel {
  readonly spec: TokenSpec
  /** Distinct characters of the text, sorted. */
  readonly vocabulary: readonly string[]
  readonly weights: Float32Array
  /** Of the last epoch. */
  readonly loss: number
}

export interface LearnTextOptions extends CellChoice {
  readonly tf: TensorFlow
  readonly fused: boolean
  /** At least two characters. */
  readonly text: string
  readonly epochs: number
  readonly seed: number
  readonly onEpoch: (epoch: number, loss: number) => void
}

/** Learns one text by heart: each epoch is the whole of it as one sequence from zero state, each character the next one's input. */
export function learnText(options: LearnTextOptions): TextModel {
  const { tf, fused, cell, activation, text, epochs, seed, onEpoch } = options
  const characters = Array.from(text)
  const vocabulary = [...new Set(characters)].sort()
  const symbols = Int32Array.from(characters, (character) => vocabulary.indexOf(character))
  const spec: TokenSpec = {
    cell,
    ...(activation === undefined ? {} : { activation }),
    tokens: vocabulary.length,
    ...SHAPE,
  }
  const steps = symbols.length - 1
  const chunk = {
    steps,
    streams: 1,
    inputs: symbols.slice(0, -1),
    targets: symbols.slice(1),
    mask: new Float32Array(steps).fill(1),
    states: new Float32Array(spec.layers * STATES[cell] * spec.hidden),
  }
  const weights = initialTokenWeights(spec, new Random(seed))
  const adam = new AdamW(weights, 0, 0)
  let last = NaN
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const { loss, weights: gradient } = symbolGradient(tf, fused, spec, weights, chunk, null)
    clipByGlobalNorm(gradient, CLIP_NORM)
    adam.update(gradient, LEARNING_RATE)
    onEpoch(epoch, loss)
    last = loss
  }
  return { spec, vocabulary, weights, loss: last }
}

export interface WriteOptions {
  readonly tf: TensorFlow
  readonly fused: boolean
  /** Of the vocabulary's characters; not empty. */
  readonly start: string
  /** Characters to write. */
  readonly length: number
  readonly temperature: number
  readonly seed: number
}

/** Reads the start once, then writes on: each character drawn from softmax(logits / temperature) and read in its turn. */
export function writeText({ spec, vocabulary, weights }: TextModel, options: WriteOptions): string {
  const { tf, fused, start, length, temperature, seed } = options
  const random = new Random(seed)
  const reader = new TokenReader(tf, spec, weights, fused)
  try {
    let logits: Float32Array = new Float32Array()
    for (const character of start) logits = reader.read(vocabulary.indexOf(character))
    let written = ''
    for (let i = 0; i < length; i++) {
      const symbol = drawToken(logits, temperature, random)
      written += vocabulary[symbol]!
      logits = reader.read(symbol)
    }
    return written
  } finally {
    reader.dispose()
  }
}
