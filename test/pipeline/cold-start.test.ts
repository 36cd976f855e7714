import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Random } from '../../src/model/random.js'
import { PartitionAtWork } from '../support/partition-at-work.js'
import { pipelineConfig } from '../support/pipeline-config.js'
import { loadRandomNetwork } from '../support/shared-engine.js'

const HOUR = 3_600_000
const CONFIG = pipelineConfig('p', { topic: 't', interval: '1h', horizon: 24, model: { warmUp: 30 } })

const random = new Random(4)
const row = (series: string, t: number) => ({
  series,
  ts: t * HOUR,
  value: 100 + 20 * Math.sin((2 * Math.PI * t) / 24) + random.normal(),
})

test('a new series is forecast from its first observation, by the network as soon as it has run in', async () => {
  const network = await loadRandomNetwork(CONFIG, ['known'])
  const work = await PartitionAtWork.open(CONFIG, network)
  try {
    // One that the network was not trained on, and that comes late.
    const rows = Array.from({ length: 100 }, (_, t) => [row('known', t), ...(t >= 40 ? [row('new', t)] : [])])
    await work.append(rows.flat())
    await work.consume(() => 7)
    const made = (await work.outputs()).filter(({ series }) => series === 'new')
    assert.equal(made.length, 60)
    made.forEach((forecast, i) => {
      assert.equal(forecast.model, i < 29 ? 'baseline@1' : 'gru@1', `observation ${i + 1}`)
      const { '0.1': low, '0.5': middle, '0.9': high } = forecast.quantiles
      for (let h = 0; h < 24; h++) {
        assert.ok(low![h]! < middle![h]! && middle![h]! < high![h]!, `observation ${i + 1}, step ${h + 1}`)
      }
    })
  } finally {
    await work.close()
  }
})
