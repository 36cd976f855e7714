import assert from 'node:assert/strict'
import { test } from 'node:test'
import { modelLabel } from '../../src/pipeline/active-model.js'
import { asConfigured, fits } from '../../src/pipeline/fits.js'
import { signature } from '../../src/pipeline/partition-meta.js'
import { pipelineConfig } from '../support/pipeline-config.js'
import { randomNetwork } from '../support/pinned-network.js'

const MODELS = {
  gru: { cell: 'gru' },
  lstm: { cell: 'lstm' },
  'rnn with tanh': { cell: 'rnn', activation: 'tanh' },
  'rnn with ReLU': { cell: 'rnn', activation: 'relu' },
}
const configs = Object.entries(MODELS).map(([name, model]) => ({
  name,
  config: pipelineConfig('p', { interval: '1h', season: [24], horizon: 4, model }),
}))

test('a network serves only the cell that is configured; another one waits for its training', () => {
  for (const one of configs) {
    const { spec } = randomNetwork(one.config, ['a', 'b'])
    for (const other of configs) {
      assert.equal(fits(spec, other.config), one === other, `${one.name} under ${other.name}`)
    }
  }
})

test('a network without residual connections does not serve a pipeline with them', () => {
  const [plain, residual] = [false, true].map((residual) =>
    pipelineConfig('p', { interval: '1h', season: [24], horizon: 4, model: { layers: 2, residual } }),
  )
  assert.equal(fits(randomNetwork(plain!, ['a']).spec, residual!), false)
  assert.equal(fits(randomNetwork(residual!, ['a']).spec, residual!), true)
})

test('how many paths are drawn, and how wide, may change; whether there are any, and a decoder, needs a training', () => {
  const config = (model: object) => pipelineConfig('p', { interval: '1h', season: [24], horizon: 4, model })
  const decoder = 'autoregressive'
  const medians = config({ decoder })
  const paths = config({ decoder, samples: 20 })
  const more = config({ decoder, samples: 50, temperature: 0.5 })
  const { spec } = randomNetwork(paths, ['a'])
  assert.equal(fits(spec, more), true)
  assert.deepEqual(asConfigured(spec, more).decoder, { samples: 50, temperature: 0.5 })
  assert.equal(fits(spec, medians), false)
  assert.equal(fits(spec, config({})), false)
  const direct = randomNetwork(config({}), ['a']).spec
  assert.equal(fits(direct, medians), false)
  assert.equal(asConfigured(direct, config({})), direct)
})

test('states of one kind of cell are never read as those of another', () => {
  assert.equal(new Set(configs.map(({ config }) => signature(config))).size, configs.length)
})

test('a network is published under its cell and version', () => {
  assert.equal(modelLabel(3, 'lstm'), 'lstm@3')
  assert.equal(modelLabel(0, 'lstm'), 'baseline@1')
})
