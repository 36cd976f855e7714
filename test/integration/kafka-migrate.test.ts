import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { registerMigrate } from '../../src/cli/migrate.js'
import { openEmbeddedBroker, type EmbeddedBroker } from '../../src/adapters/embedded/embedded-broker.js'
import { Random } from '../../src/model/random.js'
import type { PipelineConfig } from '../../src/config/types.js'
import type { Broker, OutboundRecord } from '../../src/ports/broker.js'
import { systemClock } from '../../src/ports/clock.js'
import { runCommand, type Outcome } from '../cli/replay/harness.js'
import { HOUSE, houseSettings } from '../support/house.js'
import type { Row } from '../support/household.js'
import { connectKafka, startKafka, withoutKafka, type RealKafka } from '../support/kafka.js'
import { publishedIn } from '../support/outputs.js'
import { pinNetwork } from '../support/pinned-network.js'
import { startPipeline } from '../support/pipeline-at-work.js'
import { pipelineConfig } from '../support/pipeline-config.js'
import { randomRows } from '../support/random-rows.js'
import { assertSameStates } from '../support/same-outcome.js'
import { storedStates } from '../support/stored-states.js'

const ROWS = randomRows(new Random(3), { series: 20, steps: 120 })
/** Consumed before, not consumed before, and written after the move. */
const CONSUMED = 1500
const WAITING = 1700

function recordsFor(topic: string, rows: readonly Row[]): OutboundRecord[] {
  return rows.map(({ series, ts, value }) => ({
    ...{ topic, timestamp: ts, key: Buffer.from(series) },
    value: Buffer.from(JSON.stringify({ ts, value })),
  }))
}

async function origins(broker: Broker, config: PipelineConfig): Promise<string[]> {
  const all: string[] = []
  for await (const { series, origin } of publishedIn(broker, config)) all.push(`${series} ${origin}`)
  return all
}

describe('on a real Kafka', { skip: withoutKafka }, () => {
  let home: string
  let kafka: RealKafka
  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'tidecast-kafka-'))
    kafka = await startKafka({ dir: join(home, 'broker') })
  })
  after(async () => {
    await kafka.stop()
    await rm(home, { recursive: true, force: true })
  })

  const openLog = (dataDir: string): Promise<EmbeddedBroker> =>
    openEmbeddedBroker({ dir: join(dataDir, 'log'), mapSizeBytes: 2 ** 30, clock: systemClock, pid: 1 })

  for (const [withLog, ending] of [
    [false, 'stopped'],
    [false, 'killed'],
    [true, 'killed'],
  ] as const) {
    test(`a pipeline that was ${ending} goes on on Kafka with the same states and champion, nothing lost or doubled${withLog ? ', with its log' : ''}`, async (t) => {
      const dataDir = await mkdtemp(join(home, 'data-'))
      const id = `${ending}-${String(withLog)}`
      const names = { topic: `in-${id}`, output: `out-${id}`, deadLetter: `dead-${id}` }
      // Without a snapshot at the end, what was killed has only an older one, or none.
      const settings = houseSettings({ ...names, state: { snapshotEvery: '200ms' } })
      const config = pipelineConfig(`${HOUSE}-${id}`, settings)
      const log = await openLog(dataDir)
      await pinNetwork(log.models, config, ['s0', 's1'])
      const work = await startPipeline(config, log)
      await log.append(recordsFor(config.topic, ROWS.slice(0, CONSUMED)))
      await work.account.settled(CONSUMED)
      if (ending === 'stopped') await work.pipeline.stop()
      await log.close()
      const before = await openLog(dataDir)
      await before.append(recordsFor(config.topic, ROWS.slice(CONSUMED, WAITING)))
      const published = await origins(before, config)
      const stored = await storedStates(before, config)
      await before.close()

      const modelsTopic = `models-${id}`
      const place = { kind: 'kafka', kafka: { brokers: kafka.brokers, heartbeat: '200ms', modelsTopic } }
      const pipelines = { [config.name]: settings }
      await writeFile(join(dataDir, 'from.json5'), JSON.stringify({ dataDir, pipelines }))
      await writeFile(join(dataDir, 'to.json5'), JSON.stringify({ dataDir, broker: place, pipelines }))
      const run = (...more: string[]): Promise<Outcome> => {
        const argv = ['migrate', '--from', 'from.json5', '--to', 'to.json5', '--json', ...more]
        return runCommand(registerMigrate, withLog ? [...argv, '--with-log'] : argv, { cwd: dataDir })
      }
      const outcomeOf = ({ out, error }: Outcome): Record<string, unknown> => {
        assert.equal(error, null)
        return (JSON.parse(out) as { pipelines: [Record<string, unknown>] }).pipelines[0]
      }
      const planned = outcomeOf(await run('--dry-run'))
      const onLooker = await connectKafka(kafka.brokers, { modelsTopic })
      t.after(onLooker.end)
      assert.equal(await onLooker.broker.describe(config.topic), null, 'a dry run makes nothing')
      assert.deepEqual(outcomeOf(await run()), planned)
      const { champion, models, records } = planned
      assert.deepEqual([champion, models], [1, 1])
      if (withLog) assert.equal(records, WAITING)
      // Killed before its first snapshot, it needs all of its input once more.
      else assert.ok(ending === 'stopped' ? records === 200 : Number(records) <= WAITING, String(records))
      assert.match(String((await run()).error), /has, or had, records/)

      const { broker, end } = await connectKafka(kafka.brokers, { modelsTopic })
      t.after(end)
      assertSameStates((await storedStates(broker, config)).states, stored.states)
      const there = await startPipeline(config, broker)
      await there.account.settled(WAITING - CONSUMED)
      await broker.append(recordsFor(config.topic, ROWS.slice(WAITING)))
      await there.account.settled(ROWS.length - CONSUMED)
      await there.pipeline.stop()
      const all = [...published, ...(await origins(broker, config))].sort()
      assert.deepEqual(all, ROWS.map(({ series, ts }) => `${series} ${ts}`).sort())

      const calm = await openLog(await mkdtemp(join(home, 'calm-')))
      t.after(() => calm.close())
      await pinNetwork(calm.models, config, ['s0', 's1'])
      const undisturbed = await startPipeline(config, calm)
      await calm.append(recordsFor(config.topic, ROWS))
      await undisturbed.account.settled(ROWS.length)
      await undisturbed.pipeline.stop()
      assertSameStates((await storedStates(broker, config)).states, (await storedStates(calm, config)).states)
    })
  }
})
