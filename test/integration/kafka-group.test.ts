import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { statesTopic } from '../../src/adapters/kafka/states-topic.js'
import { ownershipOf } from '../../src/cli/doctor/ownership.js'
import type { PipelineConfig } from '../../src/config/types.js'
import { consumerGroup } from '../../src/core/consumer-group.js'
import type { KafkaBroker } from '../../src/adapters/kafka/kafka-broker.js'
import type { PipelineStatus } from '../../src/ports/control.js'
import { DaemonGroup } from '../support/daemon-group.js'
import { DaemonProcess } from '../support/daemon-process.js'
import {
  appendHours,
  expectedOrigins,
  outputsOf,
  SERIES_NAMES,
  TOWN_SETTINGS,
  untilSettled,
} from '../support/kafka-town.js'
import { deleteTopic, witness } from '../support/kafka-witness.js'
import { connectKafka, startKafka, withoutKafka, type RealKafka } from '../support/kafka.js'
import { assertExactlyOnce } from '../support/outputs.js'
import { nextBuild } from '../support/next-build.js'
import { pinNetwork } from '../support/pinned-network.js'
import { pipelineConfig } from '../support/pipeline-config.js'
import { long } from '../support/run-options.js'
import { assertSameForecast, assertSameStates } from '../support/same-outcome.js'
import { storedStates } from '../support/stored-states.js'

const MODELS = 'tidecast.models'
const SESSION_MS = 6000

describe('processes of one group on a real Kafka', { skip: withoutKafka }, () => {
  let home: string
  let kafka: RealKafka
  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'tidecast-group-'))
    kafka = await startKafka({ dir: join(home, 'broker') })
  })
  after(async () => {
    await kafka.stop()
    await rm(home, { recursive: true, force: true, maxRetries: 5 })
  })

  async function connected(t: TestContext): Promise<KafkaBroker> {
    const { broker, end } = await connectKafka(kafka.brokers, { modelsTopic: MODELS })
    t.after(end)
    return broker
  }

  function daemonConfig(name: string, settings: object): object {
    return {
      log: { level: 'debug', format: 'json' },
      broker: {
        kind: 'kafka',
        kafka: { brokers: kafka.brokers, heartbeat: '200ms', sessionTimeout: `${SESSION_MS}ms` },
      },
      pipelines: { [name]: settings },
    }
  }

  function start(name: string, members: number, settings: object): Promise<DaemonGroup> {
    return DaemonGroup.start(home, members, members, daemonConfig(name, settings))
  }

  test('the doctor says who owns what, and the network that the owner of partition 0 trains is taken up by the other without a restart', async (t) => {
    const name = 'followed'
    const series = SERIES_NAMES.slice(0, 20)
    const settings = { ...TOWN_SETTINGS, training: { enabled: true, minObservations: 300, updates: 60 } }
    const config = pipelineConfig(name, settings)
    const broker = await connected(t)
    await broker.ensureTopics([{ name: config.topic, partitions: config.partitions }])
    await appendHours(broker, config.topic, 0, 20, series)
    const group = await start(name, 2, settings)
    try {
      const both = group.members.map((member) => group.daemon(member))
      for (const daemon of both) await daemon.until(name, (s) => s.series > 0 && s.series < series.length)
      await untilSettled(broker, config)
      const { processes, lag, unowned } = await ownershipOf(broker, config)
      assert.deepEqual(
        processes.map(({ partitions, trains }) => ({ partitions, trains })),
        [
          { partitions: [0], trains: true },
          { partitions: [1], trains: false },
        ],
      )
      assert.deepEqual(processes.map(({ pid }) => pid).sort(), both.map(({ pid }) => pid).sort())
      assert.deepEqual({ lag: lag.map((n) => n <= 1), unowned }, { lag: [true, true], unowned: [] })
      await appendHours(broker, config.topic, 20, 400, series)
      const trained = await Promise.all(
        both.map((daemon) => daemon.until(name, ({ model }) => model === 'gru@1', 120_000)),
      )
      const others = trained.filter(({ training }) => training.startsWith('left to the process'))
      assert.equal(others.length, 1, 'one has trained, and the other has not')
      await appendHours(broker, config.topic, 400, 410, series)
      await untilSettled(broker, config)
      await group.stop()
    } finally {
      await group.end()
    }
    const outputs = await outputsOf(await witness(kafka.brokers, config.output))
    assertExactlyOnce(outputs, expectedOrigins(410, series))
    for (const { last } of outputs.values()) assert.equal(last.model, 'gru@1')
  })

  test('after kill -9 of a member the other soon forecasts all series', async (t) => {
    const name = 'widowed'
    const series = Array.from({ length: long ? 100_000 : 2000 }, (_, i) => `meter-${i}`)
    // Rows of 6.5 kB.
    const settings = {
      interval: '1h',
      season: [24, 168],
      horizon: 24,
      partitions: 4,
      training: { enabled: false },
    }
    const config = pipelineConfig(name, settings)
    const broker = await connected(t)
    await broker.ensureTopics([{ name: config.topic, partitions: config.partitions }])
    await pinNetwork(broker.models, config, series.slice(0, 100))
    const group = await start(name, 2, settings)
    try {
      const [first, second] = group.members.map((member) => group.daemon(member))
      const copied = standbyCopies(second!)
      await appendHours(broker, config.topic, 0, 1, series)
      await untilSettled(broker, config, 1, 120_000)
      for (const daemon of [first!, second!]) {
        await daemon.until(name, (s) => s.series > 0 && s.series < series.length, 60_000)
      }
      const { processes } = await ownershipOf(broker, config)
      const moving = processes.find(({ pid }) => pid === first!.pid)!.partitions
      assert.equal(moving.length, 2)
      const warming = performance.now()
      const ends = (await broker.describe(config.topic))!
      // Each series has one record, and a marker follows: so many rows are written when what the burst has changed is stored.
      while (moving.some((partition) => (copied.get(partition) ?? 0) < ends[partition]!.end - 1)) {
        assert.ok(performance.now() - warming < 120_000, 'the copies of the other are not complete')
        await pause(50)
      }
      t.diagnostic(
        `standby copies complete after ${((performance.now() - warming) / 1000).toFixed(1)} s more`,
      )
      const killed = performance.now()
      const since = (): number => (performance.now() - killed) / 1000 - SESSION_MS / 1000
      await group.lose(0)
      await appendHours(broker, config.topic, 1, 2, series)
      const before = await broker.committed(consumerGroup(name), config.topic)
      let forecasting: number | null = null
      let complete: number | null = null
      while (forecasting === null || complete === null) {
        const now = await broker.committed(consumerGroup(name), config.topic)
        if (moving.every((partition) => now[partition]! > before[partition]!)) forecasting ??= since()
        if ((await second!.status(name)).series === series.length) complete ??= since()
        assert.ok(since() < 60, `forecasting ${forecasting}, complete ${complete}`)
        await pause(20)
      }
      t.diagnostic(
        `forecasting ${forecasting.toFixed(1)} s, complete ${complete.toFixed(1)} s after the time-out`,
      )
      assert.ok(forecasting < 5, `forecasting ${forecasting} s after the time-out`)
      assert.ok(complete < 30, `complete ${complete} s after the time-out`)
      await untilSettled(broker, config, 1, 120_000)
      await group.stop()
    } finally {
      await group.end()
    }
    const outputs = await outputsOf(await witness(kafka.brokers, config.output))
    assertExactlyOnce(outputs, expectedOrigins(2, series))
  })

  test('a member that is stopped hands its partitions over within seconds', async (t) => {
    const name = 'handed-over'
    const config = pipelineConfig(name, TOWN_SETTINGS)
    const broker = await connected(t)
    await broker.ensureTopics([{ name: config.topic, partitions: config.partitions }])
    const group = await start(name, 2, TOWN_SETTINGS)
    try {
      await appendHours(broker, config.topic, 0, 2)
      const leaving = group.daemon(0)
      await leaving.until(name, (s) => s.series > 0 && s.series < SERIES_NAMES.length, 60_000)
      await untilSettled(broker, config)
      const { processes } = await ownershipOf(broker, config)
      const [moving] = processes.find(({ pid }) => pid === leaving.pid)!.partitions
      const before = (await broker.committed(consumerGroup(name), config.topic))[moving!]!
      const stopped = performance.now()
      await group.leave(0)
      await appendHours(broker, config.topic, 2, 3)
      while ((await broker.committed(consumerGroup(name), config.topic))[moving!]! <= before) {
        assert.ok(performance.now() - stopped < 30_000)
        await pause(20)
      }
      const seconds = (performance.now() - stopped) / 1000
      t.diagnostic(`forecast by the other ${seconds.toFixed(1)} s after SIGTERM`)
      assert.ok(seconds < 5, `forecast by the other ${seconds} s after SIGTERM`)
      await untilSettled(broker, config)
      await group.stop()
    } finally {
      await group.end()
    }
    const outputs = await outputsOf(await witness(kafka.brokers, config.output))
    assertExactlyOnce(outputs, expectedOrigins(3))
  })

  test('a group goes over to a newer version one process after the other; an older one leaves what it cannot read to it', async (t) => {
    const name = 'upgraded'
    const series = SERIES_NAMES.slice(0, 20)
    const config = pipelineConfig(name, TOWN_SETTINGS)
    const broker = await connected(t)
    await broker.ensureTopics([{ name: config.topic, partitions: config.partitions }])
    const next = await nextBuild(join(home, 'next'))
    const dirs = await Promise.all([1, 2].map(() => mkdtemp(join(home, 'upgraded-'))))
    const begin = async (place: 0 | 1, binary?: string): Promise<DaemonProcess> => {
      const daemon = await DaemonProcess.start(dirs[place]!, daemonConfig(name, TOWN_SETTINGS), 0, {}, binary)
      t.after(() => daemon.kill())
      return daemon
    }
    const ready = async (daemon: DaemonProcess): Promise<string> =>
      (await fetch(`${await daemon.listening}/readyz`)).text()
    const half = ({ phase, series: n }: PipelineStatus): boolean =>
      phase === 'running' && n > 0 && n < series.length
    let hours = 0
    const over = new AbortController()
    const feeder = (async () => {
      for (; !over.signal.aborted; hours++) {
        await appendHours(broker, config.topic, hours, hours + 1, series)
        await pause(100)
      }
    })()
    try {
      let first = await begin(0)
      let second = await begin(1)
      for (const daemon of [first, second]) await daemon.until(name, half)
      assert.equal((await first.terminate()).code, 0)
      first = await begin(0, next)
      await first.until(name, half)
      await first.until(name, ({ records }) => records > 40)
      // Its partition goes to the old one, which cannot read what it finds there.
      assert.equal((await first.terminate()).code, 0)
      const refusal =
        /format 6, written by a newer Tidecast; this one knows formats up to 5.* upgrade Tidecast/
      const deadline = performance.now() + 60_000
      while (!refusal.test(await ready(second))) {
        assert.ok(performance.now() < deadline, await ready(second))
        await pause(50)
      }
      first = await begin(0, next)
      for (const daemon of [first, second]) await daemon.until(name, half)
      assert.match(await ready(second), refusal, 'until it is replaced')
      assert.equal((await second.terminate()).code, 0)
      second = await begin(1, next)
      for (const daemon of [first, second]) await daemon.until(name, half)
      over.abort()
      await feeder
      await untilSettled(broker, config)
      for (const daemon of [first, second]) {
        assert.doesNotMatch(await ready(daemon), /format/)
        assert.equal((await daemon.terminate()).code, 0)
      }
    } finally {
      over.abort()
      await feeder
    }
    const outputs = await outputsOf(await witness(kafka.brokers, config.output))
    assertExactlyOnce(outputs, expectedOrigins(hours, series))
    t.diagnostic(`${hours} hours of ${series.length} series`)
  })

  test('a partition whose states are lost is re-warmed from its input, and nothing is published again', async (t) => {
    const settings = { ...TOWN_SETTINGS, topic: 'input' }
    const config = pipelineConfig('forgetful', settings)
    const control = pipelineConfig('faithful', settings)
    const broker = await connected(t)
    await broker.ensureTopics([{ name: config.topic, partitions: config.partitions }])
    for (const one of [config, control]) await pinNetwork(broker.models, one, SERIES_NAMES)
    const serve = async (one: PipelineConfig): Promise<void> => {
      const group = await start(one.name, 1, settings)
      try {
        await untilSettled(broker, one)
        await group.stop()
      } finally {
        await group.end()
      }
    }
    await appendHours(broker, config.topic, 0, 40)
    await serve(config)
    await deleteTopic(kafka.brokers, statesTopic(consumerGroup(config.name)))
    await appendHours(broker, config.topic, 40, 50)
    const outcomes = []
    for (const one of [config, control]) {
      await serve(one)
      const outputs = await outputsOf(await witness(kafka.brokers, one.output))
      assertExactlyOnce(outputs, expectedOrigins(50))
      outcomes.push({ outputs, states: (await storedStates(broker, one)).states })
    }
    const [actual, expected] = outcomes
    assertSameStates(actual!.states, expected!.states)
    for (const [series, { last }] of actual!.outputs) {
      assertSameForecast(last, expected!.outputs.get(series)!.last, expected!.states.get(series)!.scale)
    }
  })
})

/** By partition, how far a daemon's copies of states reach whose partitions others own. */
function standbyCopies(daemon: DaemonProcess): ReadonlyMap<number, number> {
  const copied = new Map<number, number>()
  daemon.onLine((line) => {
    if (!line.includes('a standby copy is complete')) return
    const { partition, position } = JSON.parse(line) as { partition: number; position: number }
    copied.set(partition, position)
  })
  return copied
}
