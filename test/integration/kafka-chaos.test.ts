import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { BrokerError } from '../../src/ports/broker.js'
import { DaemonGroup } from '../support/daemon-group.js'
import type { DaemonProcess } from '../support/daemon-process.js'
import { kcat } from '../support/foreign-clients.js'
import {
  appendHours,
  expectedOrigins,
  outputsOf,
  TOWN_SETTINGS,
  untilSettled,
} from '../support/kafka-town.js'
import { connectKafka, startKafka, withoutKafka, type RealKafka } from '../support/kafka.js'
import { assertExactlyOnce, type SeriesOutput } from '../support/outputs.js'
import { pinNetwork } from '../support/pinned-network.js'
import { pipelineConfig } from '../support/pipeline-config.js'
import { long, seeded } from '../support/run-options.js'
import { assertSameForecast, assertSameStates } from '../support/same-outcome.js'
import { storedStates } from '../support/stored-states.js'

/** 200,000 observations of 2,000 series in the long form. */
const SERIES = Array.from({ length: long ? 2000 : 1000 }, (_, i) => `meter-${i}`)
const HOURS = long ? 100 : 24
const FAULTS = long ? 102 : 12
/** With three, a fault of the broker is one node's: others take over what it led. */
const NODES = long ? 3 : 1
const MODELS = 'tidecast.models'
/** The shortest that Kafka allows unless told otherwise. */
const SESSION_MS = 6000
const LONGEST_PEACE_MS = 2500
const SETTINGS = { ...TOWN_SETTINGS, topic: 'town', partitions: 4 }

type Fault = 'kill' | 'restart' | 'freeze' | 'come or go' | 'broker stopped' | 'broker killed' | 'all killed'
const KINDS: readonly Fault[] = [
  ...(['kill', 'restart', 'freeze', 'come or go', 'broker stopped', 'broker killed'] as const),
  ...(NODES > 1 ? (['all killed'] as const) : []),
]

describe('chaos on a real Kafka', { skip: withoutKafka || kcat.missing }, () => {
  let home: string
  let kafka: RealKafka
  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'tidecast-chaos-'))
    kafka = await startKafka({ dir: join(home, 'broker'), nodes: NODES })
  })
  after(async () => {
    await kafka.stop()
    await rm(home, { recursive: true, force: true, maxRetries: 5 })
  })

  function daemonConfig(name: string): object {
    return {
      log: { level: 'debug', format: 'json' },
      broker: {
        kind: 'kafka',
        kafka: { brokers: kafka.brokers, heartbeat: '200ms', sessionTimeout: `${SESSION_MS}ms` },
      },
      pipelines: { [name]: SETTINGS },
    }
  }

  /** One daemon has the pipeline to itself until `done`. */
  async function alone(name: string, done: (daemon: DaemonProcess) => Promise<unknown>): Promise<void> {
    const group = await DaemonGroup.start(home, 1, 1, daemonConfig(name))
    try {
      await done(group.daemon(0))
      await group.stop()
    } finally {
      await group.end()
    }
  }

  /** Everything that a group of daemons has published and stored, after its ends. */
  async function outcome(name: string): Promise<{
    outputs: Map<string, SeriesOutput>
    states: Awaited<ReturnType<typeof storedStates>>['states']
  }> {
    const config = pipelineConfig(name, SETTINGS)
    const { broker, end } = await connectKafka(kafka.brokers, { modelsTopic: MODELS })
    try {
      const outputs = await outputsOf(kcat.read(kafka.brokers, config.output))
      assertExactlyOnce(outputs, expectedOrigins(HOURS, SERIES))
      return { outputs, states: (await storedStates(broker, config)).states }
    } finally {
      await end()
    }
  }

  test('whatever happens to daemons and broker, a foreign consumer finds one forecast per observation, equal to those of an undisturbed run', async (t) => {
    const { random } = seeded(t)
    const below = (n: number): number => Math.floor(random.uniform() * n)
    const config = pipelineConfig('disturbed', SETTINGS)
    const looking = await connectKafka(kafka.brokers, { modelsTopic: MODELS })
    t.after(looking.end)
    const { broker } = looking
    await broker.ensureTopics([{ name: config.topic, partitions: config.partitions }])
    for (const name of ['disturbed', 'calm']) {
      await pinNetwork(broker.models, pipelineConfig(name, SETTINGS), SERIES)
    }

    /** What may have been appended although it failed is sent again: then it is there twice, and rejected once. */
    const feed = async (from: number, to: number): Promise<void> => {
      for (;;) {
        try {
          await appendHours(broker, config.topic, from, to, SERIES)
          return
        } catch (error) {
          if (!(error instanceof BrokerError) || error.code !== 'unavailable') throw error
          t.diagnostic(`sent again: ${error.message}`)
        }
      }
    }

    const group = await DaemonGroup.start(home, 3, 2, daemonConfig('disturbed'))
    const pending: Promise<void>[] = []
    const counts = new Map<string, number>()
    const oneOf = (places: readonly number[]): number => places[below(places.length)]!
    const inflict = async (fault: Fault): Promise<void> => {
      counts.set(fault, (counts.get(fault) ?? 0) + 1)
      const member = oneOf(group.members)
      const node = kafka.nodes[below(NODES)]!
      if (fault === 'kill') pending.push(group.kill(member))
      else if (fault === 'restart') pending.push(group.restart(member))
      else if (fault === 'freeze') pending.push(group.freeze(member, below(2.5 * SESSION_MS)))
      else if (fault === 'broker stopped') await node.stop().then(() => node.start())
      else if (fault === 'broker killed') await node.kill().then(() => node.start())
      else if (fault === 'all killed') {
        await Promise.all(kafka.nodes.map((each) => each.kill()))
        await Promise.all(kafka.nodes.map((each) => each.start()))
      } else if (group.members.length < 3) pending.push(group.join(oneOf(group.empty)))
      else pending.push(group.leave(member))
    }
    try {
      await feed(0, 1)
      await untilSettled(broker, config)
      let deck: Fault[] = []
      let fed = 1
      for (let fault = 1; fault <= FAULTS; fault++) {
        if (deck.length === 0) deck = [...KINDS].sort(() => random.uniform() - 0.5)
        const until = Math.max(fed, Math.round((fault / FAULTS) * HOURS))
        const feeding = feed(fed, until)
        fed = until
        await pause(below(LONGEST_PEACE_MS))
        await inflict(deck.pop()!)
        await feeding
        group.assertAlive()
      }
      await Promise.all(pending)
      await untilSettled(broker, config, 1, 120_000)
      group.assertAlive()
      await group.stop()
    } finally {
      await group.end()
    }
    t.diagnostic(`survived ${FAULTS} faults: ${[...counts].map(([kind, n]) => `${n} ${kind}`).join(', ')}`)
    t.diagnostic(`${group.restarts} starts while there was no Kafka`)

    // Who was stopped while it took a partition over has left its states as of the last snapshot; whoever comes next replays.
    await alone('disturbed', (daemon) =>
      daemon.until('disturbed', ({ series }) => series === SERIES.length, 120_000),
    )
    await alone('calm', () => untilSettled(broker, pipelineConfig('calm', SETTINGS), 1, 120_000))
    const expected = await outcome('calm')
    const actual = await outcome('disturbed')
    assertSameStates(actual.states, expected.states)
    for (const [series, { last, models }] of actual.outputs) {
      const other = expected.outputs.get(series)!
      assert.deepEqual([...models], ['baseline@1', 'gru@1'])
      assertSameForecast(last, { ...other.last }, expected.states.get(series)!.scale)
    }
  })
})
