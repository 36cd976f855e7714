import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PipelineConfig } from '../../src/config/types.js'
import { Random } from '../../src/model/random.js'
import { forecastsOf, PartitionAtWork } from '../support/partition-at-work.js'
import { pipelineConfig } from '../support/pipeline-config.js'
import { loadRandomNetwork } from '../support/shared-engine.js'

const HOUR = 3_600_000
const TOPIC = 'p.anomalies'
const configWith = (cooldown: string): PipelineConfig =>
  pipelineConfig('p', { topic: 't', interval: '1h', horizon: 24, anomalies: { topic: TOPIC, cooldown } })
const SPIKES = [600, 700, 900]

const random = new Random(3)
const ROWS = Array.from({ length: 1000 }, (_, t) => {
  const value = 100 + 20 * Math.sin((2 * Math.PI * t) / 24) + random.normal()
  return { series: 'a/ü', ts: t * HOUR, value: SPIKES.includes(t) ? 1e6 : value }
})

interface Report {
  readonly pipeline: string
  readonly series: string
  readonly ts: string
  readonly value: number
  readonly score: number
  readonly consecutive: number
  readonly quantiles: Readonly<Record<string, number>>
}

/** What is on the topic after all rows; `between` is called after each batch. */
async function reports(
  cooldown: string,
  size: number,
  between: (work: PartitionAtWork) => Promise<void> = async () => undefined,
): Promise<{ report: Report; key: string; offset: string }[]> {
  const work = await PartitionAtWork.open(configWith(cooldown), null)
  try {
    await work.broker.ensureTopics([{ name: TOPIC, partitions: 1 }])
    await work.append(ROWS)
    await work.consume(
      () => size,
      () => between(work),
    )
    return (await work.records(TOPIC)).map(({ key, value, headers }) => ({
      report: JSON.parse(Buffer.from(value!).toString()) as Report,
      key: Buffer.from(key!).toString(),
      offset: Buffer.from(headers!['tidecast-offset']!).toString(),
    }))
  } finally {
    await work.close()
  }
}

test('an anomaly is on its topic with what had been forecast of it, and which record it came from', async () => {
  const found = await reports('0s', 50)
  const spikes = found.filter(({ report }) => report.value === 1e6)
  assert.deepEqual(
    spikes.map(({ report, offset }) => [Date.parse(report.ts) / HOUR, Number(offset)]),
    SPIKES.map((t) => [t, t]),
  )
  const { report, key } = spikes[0]!
  assert.equal(key, 'a/ü')
  assert.deepEqual([report.pipeline, report.series, report.consecutive], ['p', 'a/ü', 1])
  const { '0.1': low, '0.5': middle, '0.9': high } = report.quantiles
  assert.ok(low! < middle! && middle! < high! && middle! > 70 && middle! < 130)
  assert.ok(report.score > 1000)
  // Of 1,000 observations few others: a season after a spike the baseline repeats it, and is wrong again.
  assert.ok(found.length < 15, `${found.length} anomalies`)
})

test('crashes and restarts report nothing twice and forget no cool-down, nor do batches of another size', async () => {
  const expected = await reports('110h', 40)
  const spikes = expected.filter(({ report }) => report.value === 1e6).map(({ offset }) => Number(offset))
  assert.deepEqual(spikes, [600, 900], 'the second lies within the cool-down of the first')
  assert.deepEqual(await reports('110h', 40, (work) => work.crash()), expected)
  assert.deepEqual(await reports('110h', 40, (work) => work.restart()), expected)
  assert.deepEqual(await reports('110h', 1000), expected)
})

test('the influence of a spike is bounded, and fades from week to week', async () => {
  const week = 168
  const config = pipelineConfig('p', {
    topic: 't',
    interval: '1h',
    season: [24, week],
    horizon: 24,
    model: { hidden: 8 },
  })
  const network = await loadRandomNetwork(config, ['a'])
  const noise = new Random(5)
  const calm = Array.from({ length: 1100 }, (_, t) => ({
    series: 'a',
    ts: t * HOUR,
    value: 100 + 20 * Math.sin((2 * Math.PI * t) / 24) + noise.normal(),
  }))
  const at = 400
  const forecasts = await forecastsOf(config, network, calm)
  for (const spike of [1e9, -1e9]) {
    const spiked = calm.map((row, t) => (t === at ? { ...row, value: spike } : row))
    const disturbed = await forecastsOf(config, network, spiked)
    assert.equal(disturbed.length, forecasts.length)
    /** How far any quantile lies from what it would have been: in the week of the spike, the next … */
    const away = [0, 0, 0, 0]
    disturbed.forEach(({ origin, quantiles }, i) => {
      const t = origin / HOUR
      const distance = Math.max(
        ...Object.entries(quantiles).flatMap(([level, steps]) =>
          steps.map((value, h) => Math.abs(value - forecasts[i]!.quantiles[level]![h]!)),
        ),
      )
      if (t < at) assert.equal(distance, 0)
      // The newest of what is repeated of the week before has the spike in it for a day more.
      else if (t < at + week + 24) away[0] = Math.max(away[0]!, distance)
      else {
        const w = Math.floor((t - at - 24) / week)
        if (w < away.length) away[w] = Math.max(away[w]!, distance)
      }
    })
    const told = `${away.map((one) => one.toFixed(1)).join(', ')} after a spike of ${spike}`
    // The scale is 14, and nothing looks further than 8 of it.
    assert.ok(away[0]! > 0 && away[0]! < 300, told)
    assert.ok(away[2]! < away[1]! && away[3]! < 0.6 * away[1]!, told)
  }
})
