import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EmbeddedBroker } from '../../src/adapters/embedded/embedded-broker.js'
import type { PipelineConfig } from '../../src/config/types.js'
import { withDataDirectory, withLogOf } from '../support/house.js'
import { pinNetwork } from '../support/pinned-network.js'
import { startPipeline } from '../support/pipeline-at-work.js'
import { pipelineConfig } from '../support/pipeline-config.js'

const MINUTE = 60_000
const ROUND = 100

function configured(more: object): PipelineConfig {
  const settings = { interval: '1m', season: [12, 24], horizon: 12, training: { enabled: false } }
  return pipelineConfig('p', { ...settings, model: { hidden: 8 }, ...more })
}

/** Runs a pipeline over the next hundred observations of a series. */
async function round(broker: EmbeddedBroker, config: PipelineConfig, number: number) {
  const { pipeline, account } = await startPipeline(config, broker)
  const records = Array.from({ length: ROUND }, (_, i) => {
    const ts = (number * ROUND + i) * MINUTE
    const value = Buffer.from(JSON.stringify({ ts, value: Math.sin(ts / MINUTE / 2) }))
    return { topic: 'p', key: Buffer.from('a'), value, timestamp: ts }
  })
  await broker.append(records)
  await account.settled(ROUND)
  const { longest } = pipeline.observations()
  const { horizon, quantiles } = JSON.parse(pipeline.latestForecast('a')!) as {
    horizon: number
    quantiles: Record<string, number[]>
  }
  const { version, complete } = pipeline
  await pipeline.stop()
  assert.equal(longest, (number + 1) * ROUND, 'the series is the one it was')
  for (const values of Object.values(quantiles)) assert.equal(values.length, horizon)
  return { horizon, levels: Object.keys(quantiles).map(Number), version, complete }
}

test('the baseline forecasts at once what is asked for, and the states are converted', async () => {
  await withDataDirectory((dir) =>
    withLogOf(dir, async (broker) => {
      const wide = [0.05, 0.1, 0.5, 0.9, 0.95]
      const outcomes = []
      for (const [number, more] of [
        {},
        { horizon: 30 },
        { horizon: 6, quantiles: wide },
        { model: { cell: 'lstm', hidden: 16 } },
      ].entries()) {
        outcomes.push(await round(broker, configured(more), number))
      }
      const levels = [0.1, 0.5, 0.9]
      const asked = { version: 0, complete: true }
      assert.deepEqual(outcomes, [
        { horizon: 12, levels, ...asked },
        { horizon: 30, levels, ...asked },
        { horizon: 6, levels: wide, ...asked },
        { horizon: 12, levels, ...asked },
      ])
    }),
  )
})

test('a network goes on: of what it computes the part that is asked for, or all of it until there is one for more', async () => {
  await withDataDirectory((dir) =>
    withLogOf(dir, async (broker) => {
      await pinNetwork(broker.models, configured({}), ['a'])
      const outcomes = []
      for (const [number, more] of [
        {},
        { horizon: 6 },
        { horizon: 40 },
        { quantiles: [0.2, 0.5, 0.8] },
        { model: { cell: 'lstm' } },
      ].entries()) {
        outcomes.push(await round(broker, configured(more), number))
      }
      const levels = [0.1, 0.5, 0.9]
      assert.deepEqual(outcomes, [
        { horizon: 12, levels, version: 1, complete: true },
        { horizon: 6, levels, version: 1, complete: true },
        { horizon: 12, levels, version: 1, complete: false },
        { horizon: 12, levels, version: 1, complete: false },
        { horizon: 12, levels, version: 1, complete: false },
      ])
    }),
  )
})

test('a network goes on when a calendar or covariates are turned on, and one that reads them when they are turned off', async () => {
  const calendar = { timeZone: 'Europe/Berlin', holidays: ['DE'] }
  const covariates = { covariates: ['a', 'b'], futureCovariates: { topic: 'weather', names: ['b'] } }
  for (const more of [{ calendar }, { covariates: ['a'] }, { calendar, ...covariates }]) {
    for (const [trainedFor, later] of [
      [{}, more],
      [more, {}],
    ] as const) {
      await withDataDirectory((dir) =>
        withLogOf(dir, async (broker) => {
          await pinNetwork(broker.models, configured(trainedFor), ['a'])
          const outcomes = [
            await round(broker, configured(trainedFor), 0),
            await round(broker, configured(later), 1),
            await round(broker, configured(trainedFor), 2),
          ]
          const all = { horizon: 12, levels: [0.1, 0.5, 0.9], version: 1 }
          assert.deepEqual(outcomes, [
            { ...all, complete: true },
            { ...all, complete: false },
            { ...all, complete: true },
          ])
        }),
      )
    }
  }
})
