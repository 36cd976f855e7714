import assert from 'node:assert/strict'
import { test } from 'node:test'
import { networkModel } from '../../src/pipeline/active-model.js'
import { PartitionAtWork } from '../support/partition-at-work.js'
import { pipelineConfig } from '../support/pipeline-config.js'
import { randomNetwork } from '../support/pinned-network.js'
import { sharedEngine } from '../support/shared-engine.js'

const MINUTE = 60_000
const HORIZON = 6
const config = pipelineConfig('p', {
  interval: '1m',
  season: [12, 24],
  horizon: HORIZON,
  model: { hidden: 8, warmUp: 4 },
})

test('after a take-over only what the network itself has forecast counts for or against it', async () => {
  const work = await PartitionAtWork.open(config, null)
  try {
    const feed = async (from: number, to: number): Promise<void> => {
      const steps = Array.from({ length: to - from }, (_, i) => from + i)
      await work.append(steps.map((t) => ({ series: 'a', ts: t * MINUTE, value: 10 + Math.sin(t) })))
      await work.consume(() => 1)
    }
    const targets = (): number => work.states.scores.total('published').count
    await feed(0, 60)
    assert.ok(targets() > 0)
    const { spec, weights } = randomNetwork(config, ['a'])
    await work.swap(networkModel(1, await (await sharedEngine()).load(spec, weights), -Infinity))
    assert.equal(targets(), 0, "the baseline's scores are not the network's")
    await feed(60, 61)
    assert.equal(targets(), 0, 'what was forecast of this one was forecast by the baseline')
    // The weights of targets decay by grid steps: 1 of the newest.
    const half = Math.pow(0.5, 1 / 24)
    let expected = 0
    for (let t = 61; t < 61 + 2 * HORIZON; t++) {
      await feed(t, t + 1)
      expected = expected * half + Math.min(HORIZON, t - 60)
      assert.ok(Math.abs(targets() - expected) < 1e-9, `${t}: ${targets()}, not ${expected}`)
    }
  } finally {
    await work.close()
  }
})
