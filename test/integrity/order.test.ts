import assert from 'node:assert/strict'
import process from 'node:process'
import { test } from 'node:test'
import { Random } from '../../src/model/random.js'
import { forecastsOf, PartitionAtWork } from '../support/partition-at-work.js'
import { pipelineConfig } from '../support/pipeline-config.js'
import { randomRows, reinterleaved } from '../support/random-rows.js'
import { long, seeded } from '../support/run-options.js'
import { assertSameForecasts } from '../support/same-outcome.js'
import { loadRandomNetwork } from '../support/shared-engine.js'

const MIXTURES = long ? 100 : 8

const settings = {
  interval: '1m',
  season: [12, 24],
  horizon: 6,
  gaps: { maxSteps: 5 },
  model: { hidden: 8, warmUp: 4 },
}
/** Calibrated fast, so that a forecast scored against another's target would show. */
const calibrated = pipelineConfig('p', { ...settings, calibration: { rate: 0.5 } })
const uncalibrated = pipelineConfig('p', { ...settings, calibration: { enabled: false } })

const SERIES = Array.from({ length: 12 }, (_, i) => `s${i}`)
const SHAPE = { series: SERIES.length, steps: 150, nulls: 0.03, holes: 0.05, breaks: 0.02, break: 30 }
/** The others share the row of the unknown series. */
const KNOWN = SERIES.slice(0, 8)

test('forecasts do not depend on how records fall into batches', async (t) => {
  const { random } = seeded(t)
  const network = await loadRandomNetwork(calibrated, KNOWN)
  for (let mixture = 0; mixture < MIXTURES; mixture++) {
    const rows = reinterleaved(random, randomRows(random, SHAPE))
    const expected = await forecastsOf(calibrated, network, rows)
    const actual = await forecastsOf(calibrated, network, rows, (work) => work.consume(anySize(random)))
    assertSameForecasts(actual, expected)
  }
})

test('the states of different series never mix, however their records take turns', async (t) => {
  const { random } = seeded(t)
  const network = await loadRandomNetwork(uncalibrated, KNOWN)
  for (let mixture = 0; mixture < MIXTURES; mixture++) {
    const rows = randomRows(random, SHAPE)
    const expected = await forecastsOf(uncalibrated, network, rows)
    const turns = reinterleaved(random, rows)
    const actual = await forecastsOf(uncalibrated, network, turns, (work) => work.consume(anySize(random)))
    // The baseline's first intervals are those of all series together, so their order matters; its medians are not.
    assertSameForecasts(actual, expected, ({ model, quantiles }) =>
      model === 'baseline@1' ? ['0.5'] : Object.keys(quantiles),
    )
    assert.ok(expected.filter(({ model }) => model === 'gru@1').length > expected.length / 2)
  }
})

/** From one record to 5,000, each order of magnitude as often. */
function anySize(random: Random): () => number {
  return () => Math.ceil(5000 ** random.uniform())
}

test('the cost of an observation does not grow with the history of its series', async () => {
  const network = await loadRandomNetwork(calibrated, [])
  const work = await PartitionAtWork.open(calibrated, network)
  try {
    const batches = long ? 400 : 60
    const rows = randomRows(new Random(1), { series: 16, steps: batches * 64 })
    const seconds: number[] = []
    const bytes = new Set<number>()
    for (let batch = 0; batch < batches; batch++) {
      await work.append(rows.slice(batch * 1024, (batch + 1) * 1024))
      const before = process.cpuUsage()
      await work.consume()
      const { user, system } = process.cpuUsage(before)
      seconds.push((user + system) / 1e6)
      bytes.add(work.states.bytesPerSeries)
    }
    assert.equal(bytes.size, 1)
    const fastest = (part: readonly number[]): number => Math.min(...part)
    const tenth = Math.ceil(batches / 10)
    // Processor time, which other processes do not take; the very first batches are compiled while they run.
    const early = fastest(seconds.slice(tenth, 2 * tenth))
    const late = fastest(seconds.slice(-tenth))
    assert.ok(
      late < 2 * early,
      `a batch took ${early} s after a tenth of the history, ${late} s after all of it`,
    )
  } finally {
    await work.close()
  }
})
