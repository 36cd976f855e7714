import assert from 'node:assert/strict'
import { test } from 'node:test'
import { initialTokenWeights } from '../../src/model/token-network.js'
import { TokenReader } from '../../src/model/token-reader.js'
import { Random } from '../../src/model/random.js'
import { learnText, writeText } from '../../src/training/learn-text.js'
import { tensorflow } from '../model/backend.js'

const tf = tensorflow()
const TEXT = "hello world from qmwneb946, let's learn rnn together!"

for (const cell of ['rnn', 'lstm', 'gru'] as const) {
  test(`${cell}: learns a sentence by heart and writes it`, () => {
    const before = tf.memory().numTensors
    const losses: number[] = []
    const model = learnText({
      tf,
      fused: true,
      cell,
      text: TEXT,
      epochs: 250,
      seed: 1,
      onEpoch: (_, loss) => losses.push(loss),
    })
    // Before it has learnt anything, every character of the vocabulary is about as likely.
    assert.ok(losses[0]! > 0.8 * Math.log(model.vocabulary.length), `first loss ${losses[0]!}`)
    assert.ok(model.loss < 0.02, `last loss ${model.loss}`)
    assert.equal(losses.length, 250)
    const start = 'hello'
    const written = writeText(model, { tf, fused: true, start, length: 60, temperature: 0.5, seed: 1 })
    assert.equal((start + written).slice(0, TEXT.length), TEXT)
    assert.equal(written.length, 60)
    assert.equal(tf.memory().numTensors, before)
  })

  test(`${cell}: a reader carries its state on, and says the same in both forms`, () => {
    const spec = { cell, tokens: 7, embedding: 16, layers: 2, hidden: 32 }
    const weights = initialTokenWeights(spec, new Random(4))
    const before = tf.memory().numTensors
    const read = (fused: boolean): number[] => {
      const reader = new TokenReader(tf, spec, weights, fused)
      const logits = [3, 1, 4, 1, 5].flatMap((symbol) => [...reader.read(symbol)])
      reader.dispose()
      return logits
    }
    const [fused, plain] = [read(true), read(false)]
    fused.forEach((logit, i) => assert.ok(Math.abs(logit - plain[i]!) < 1e-5))
    // The same symbol after another past: were the state not carried on, both would be the same.
    assert.notDeepEqual(fused.slice(7, 14), fused.slice(21, 28))
    assert.equal(tf.memory().numTensors, before)
  })
}

test('the same seed writes the same text; the temperature decides how far it strays', () => {
  const model = learnText({
    tf,
    fused: true,
    cell: 'lstm',
    text: TEXT,
    epochs: 150,
    seed: 2,
    onEpoch: () => undefined,
  })
  const write = (temperature: number, seed: number): string =>
    writeText(model, { tf, fused: true, start: 'h', length: 80, temperature, seed })
  assert.equal(write(0.8, 1), write(0.8, 1))
  assert.equal(write(1e-3, 1), write(1e-3, 2), 'cold, it always takes the likeliest')
  assert.notEqual(write(5, 1), write(5, 2), 'hot, it does not')
})
