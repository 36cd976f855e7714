import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { startEngine } from '../../src/adapters/tensorflow/engine.js'
import type { PipelineConfig } from '../../src/config/types.js'
import { forecastsOf } from '../support/partition-at-work.js'
import { randomNetwork } from '../support/pinned-network.js'
import { pipelineConfig } from '../support/pipeline-config.js'
import { randomRows, reinterleaved } from '../support/random-rows.js'
import { long, seeded } from '../support/run-options.js'
import { assertSameForecasts } from '../support/same-outcome.js'
import { loadRandomNetwork } from '../support/shared-engine.js'

const SERIES = Array.from({ length: 8 }, (_, i) => `s${i}`)
const SHAPE = { series: SERIES.length, steps: long ? 400 : 80, nulls: 0.03, holes: 0.05 }

const MODELS = {
  'four layers with residual connections': { layers: 4, residual: true },
  'a decoder fed with medians': { cell: 'lstm', layers: 2, decoder: 'autoregressive' },
  'a decoder that draws paths': { residual: true, layers: 2, decoder: 'autoregressive', samples: 20 },
}

function configOf(model: object): PipelineConfig {
  return pipelineConfig('p', {
    interval: '1m',
    season: [12, 24],
    horizon: 4,
    calibration: { enabled: false },
    model: { hidden: 8, warmUp: 4, ...model },
  })
}

const wasm = startEngine({ backend: 'wasm', threads: 1 }, (error) => {
  throw error
})
after(async () => (await wasm).close())

for (const [name, model] of Object.entries(MODELS)) {
  test(`${name}: the same forecasts however records fall into batches and whatever crashes between`, async (t) => {
    const { random } = seeded(t)
    const config = configOf(model)
    const network = await loadRandomNetwork(config, SERIES)
    const rows = reinterleaved(random, randomRows(random, SHAPE))
    const expected = await forecastsOf(config, network, rows)
    let batches = 0
    const actual = await forecastsOf(config, network, rows, (work) =>
      work.consume(
        () => Math.ceil(200 ** random.uniform()),
        async () => {
          if (++batches % 5 === 0) await work[batches % 2 === 0 ? 'crash' : 'restart']()
        },
      ),
    )
    assertSameForecasts(actual, expected)
    assert.ok(expected.filter((one) => one.model !== 'baseline@1').length > expected.length / 2)
  })

  test(`${name}: on the portable backend the same forecasts`, async (t) => {
    const { random } = seeded(t)
    const config = configOf(model)
    const rows = randomRows(random, { ...SHAPE, steps: 30 })
    const { spec, weights } = randomNetwork(config, SERIES)
    const portable = await forecastsOf(config, await (await wasm).load(spec, weights), rows)
    assertSameForecasts(portable, await forecastsOf(config, await loadRandomNetwork(config, SERIES), rows))
  })
}
