import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PipelineConfig } from '../../src/config/types.js'
import type { Random } from '../../src/model/random.js'
import type { OutboundRecord } from '../../src/ports/broker.js'
import type { Row } from '../support/household.js'
import type { Published } from '../support/outputs.js'
import { PartitionAtWork } from '../support/partition-at-work.js'
import { pipelineConfig } from '../support/pipeline-config.js'
import { randomRows } from '../support/random-rows.js'
import { long, seeded } from '../support/run-options.js'
import { assertSameForecasts } from '../support/same-outcome.js'
import { loadRandomNetwork } from '../support/shared-engine.js'

const RUNS = long ? 60 : 8
const MINUTE = 60_000

const settings = { season: [12, 24], horizon: 6, gaps: { maxSteps: 5 }, model: { hidden: 8, warmUp: 4 } }
const configs = {
  'the clock grid': pipelineConfig('p', { ...settings, interval: '1m' }),
  'a record for each step': pipelineConfig('p', { ...settings, interval: '1m', publish: { format: 'long' } }),
  'the observation grid': pipelineConfig('p', { ...settings, interval: 'observations' }),
  'aggregated intervals': pipelineConfig('p', {
    ...settings,
    interval: '3m',
    aggregate: 'mean',
    allowedLateness: '4m',
    state: { maxResidentSeries: 4 },
  }),
}

const surroundings = {
  calendar: { timeZone: 'Europe/Berlin', holidays: ['DE'] },
  covariates: ['temperature', 'wind'],
  futureCovariates: { topic: 'weather', names: ['temperature'], refreshEvery: '0s' },
}
const surrounded = {
  'the clock grid, with a calendar and covariates': pipelineConfig('p', {
    ...{ ...settings, interval: '1m' },
    ...surroundings,
  }),
  'aggregated intervals, with a calendar and covariates': pipelineConfig('p', {
    ...{ ...settings, interval: '3m', aggregate: 'mean', allowedLateness: '4m' },
    ...surroundings,
    state: { maxResidentSeries: 4 },
  }),
}

interface Outcome {
  readonly forecasts: readonly Published[]
  /** Offset and reason. */
  readonly rejected: readonly string[]
}

for (const [grid, config] of Object.entries({ ...configs, ...surrounded })) {
  test(`crashes and restarts between batches change nothing of what is accepted and forecast (${grid})`, async (t) => {
    const { random } = seeded(t)
    const network = await loadRandomNetwork(config, ['s0', 's1'])
    for (let run = 0; run < RUNS; run++) {
      const rows = disordered(
        random,
        randomRows(random, { series: 10, steps: 60, nulls: 0.2, holes: 0.1, breaks: 0.02, break: 30 }),
      ).map((row) => withCovariates(row, random, config.covariates))
      const weather = foretold(rows, random, config)
      const outcomeOf = async (between: (work: PartitionAtWork) => Promise<void>): Promise<Outcome> => {
        const work = await PartitionAtWork.open(config, network)
        try {
          await work.appendRecords(weather)
          await work.append(rows)
          await work.consume(
            () => 60,
            () => between(work),
          )
          const letters = await work.records(config.deadLetter)
          const rejected = letters.map(
            ({ headers }) => `${text(headers?.['tidecast-offset'])} ${text(headers?.['tidecast-reason'])}`,
          )
          return { forecasts: await work.outputs(), rejected }
        } finally {
          await work.close()
        }
      }
      const expected = await outcomeOf(async () => undefined)
      const actual = await outcomeOf(async (work) => {
        const chance = random.uniform()
        if (chance < 0.3) await work.crash()
        else if (chance < 0.8) await work.restart()
      })
      assert.ok(expected.rejected.length > 20)
      assert.deepEqual(actual.rejected, expected.rejected)
      // Of series whose intervals close at once, any may be the first, and so pool other first intervals.
      assertSameForecasts(actual.forecasts, expected.forecasts, () => ['0.5'])
    }
  })
}

/** Some of them are missing, in one way or another. */
function withCovariates(row: Row, random: Random, names: readonly string[]): Row {
  if (names.length === 0 || random.uniform() < 0.2) return row
  const covariates = names.map((name) => [name, random.uniform() < 0.2 ? null : 10 * random.normal()])
  return { ...row, covariates: Object.fromEntries(covariates) as Record<string, number | null> }
}

/** Of two minutes in three what the temperature will be, of one series or of all. */
function foretold(
  rows: readonly Row[],
  random: Random,
  { futureCovariates }: PipelineConfig,
): OutboundRecord[] {
  const { topic } = futureCovariates
  if (topic === null) return []
  const first = Math.min(...rows.map(({ ts }) => ts))
  const last = Math.max(...rows.map(({ ts }) => ts))
  const records: OutboundRecord[] = []
  for (let ts = first; ts < last + 10 * MINUTE; ts += MINUTE) {
    if (random.uniform() < 0.3) continue
    const key = Buffer.from(random.uniform() < 0.5 ? '*' : 's1')
    const value = Buffer.from(JSON.stringify({ ts, covariates: { temperature: 10 * random.normal() } }))
    records.push({ topic, timestamp: Math.max(0, ts), key, value })
  }
  return records
}

/** Minute, series and value of records, two to a batch. */
const SEQUENCES: Readonly<Record<string, readonly (readonly [number, string, number | null])[]>> = {
  'an interval that held no value is as closed': [
    ...([
      [0, 'x', null],
      [0, 'y', 1],
      [60, 'y', 2],
      [63, 'y', 3],
      [-30, 'x', 4],
    ] as const),
  ],
  'an interval behind the watermark is as open': [
    ...([
      [60, 'y', 1],
      [10, 'x', 2],
      [59, 'y', 3],
      [11, 'x', 4],
    ] as const),
  ],
}

for (const [what, sequence] of Object.entries(SEQUENCES)) {
  test(`${what} after a restart as before`, async () => {
    const outcomeOf = async (between: (work: PartitionAtWork) => Promise<void>): Promise<unknown> => {
      const work = await PartitionAtWork.open(configs['aggregated intervals'], null)
      try {
        const start = Date.UTC(2024, 0, 1)
        await work.append(
          sequence.map(([minute, series, value]) => ({ series, ts: start + minute * MINUTE, value })),
        )
        const batches = await work.consume(
          () => 2,
          () => between(work),
        )
        return batches.map(({ advance: { accepted, rejected, steps } }) => ({ accepted, rejected, steps }))
      } finally {
        await work.close()
      }
    }
    assert.deepEqual(await outcomeOf((work) => work.restart()), await outcomeOf(async () => undefined))
  })
}

/** Some rows come late, some twice. */
function disordered(random: Random, rows: readonly Row[]): Row[] {
  const sent = rows.flatMap((row) => (random.uniform() < 0.05 ? [row, row] : [row]))
  const arrival = new Map(
    sent.map((row) => [row, row.ts + (random.uniform() < 0.3 ? 20 * random.uniform() * MINUTE : 0)]),
  )
  return sent.sort((a, b) => arrival.get(a)! - arrival.get(b)!)
}

function text(data: Uint8Array | undefined): string {
  return Buffer.from(data ?? []).toString()
}
