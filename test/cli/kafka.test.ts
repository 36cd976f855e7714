import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { registerBackup } from '../../src/cli/backup.js'
import { registerDoctor } from '../../src/cli/doctor.js'
import { registerInspect } from '../../src/cli/inspect.js'
import { registerModels } from '../../src/cli/models.js'
import { registerRestore } from '../../src/cli/restore.js'
import { registerReplay } from '../../src/cli/replay.js'
import { systemTimer } from '../../src/cli/replay/pacer.js'
import { connectKafka, startKafka, withoutKafka, type RealKafka } from '../support/kafka.js'
import { pinNetwork } from '../support/pinned-network.js'
import { pipelineConfig } from '../support/pipeline-config.js'
import { consumerGroup } from '../../src/core/consumer-group.js'
import type { StateRow } from '../../src/ports/broker.js'
import { bytes, join as takeOver, loadRows, readAll, row, text } from '../contract/broker-helpers.js'
import { runCommand, type Outcome } from './replay/harness.js'

describe('on a real Kafka', { skip: withoutKafka }, () => {
  let cwd: string
  let kafka: RealKafka
  before(async () => {
    kafka = await startKafka()
    cwd = mkdtempSync(join(tmpdir(), 'tidecast-'))
    const broker = `{ kind: 'kafka', kafka: { brokers: '${kafka.brokers}' } }`
    const text = `{ http: { port: 0 }, broker: ${broker}, pipelines: { t: { partitions: 2 } } }`
    writeFileSync(join(cwd, 'tidecast.json5'), text)
  })
  after(async () => {
    await kafka.stop()
    rmSync(cwd, { recursive: true, force: true })
  })

  const run = (register: Parameters<typeof runCommand>[0], ...argv: string[]): Promise<Outcome> =>
    runCommand(register, argv, { cwd })

  test('replay appends every row to Kafka, in order, and remembers that it did', async (t) => {
    const rows = Array.from({ length: 2500 }, (_, i) => `s,${i * 3_600_000},${i}\n`)
    writeFileSync(join(cwd, 'rows.csv'), `series,ts,value\n${rows.join('')}`)
    const replay = (): Promise<Outcome> =>
      run(
        (program, context) => registerReplay(program, context, systemTimer),
        'replay',
        'rows.csv',
        '--topic',
        't',
      )
    const first = await replay()
    assert.equal(first.code, 0, String(first.error))
    assert.match(first.err, /through Kafka at 127\.0\.0\.1/)
    assert.match((await replay()).out, /^All 2500 rows/)
    const { broker, end } = await connectKafka(kafka.brokers)
    t.after(end)
    const stored = [...(await readAll(broker, 't', 0)), ...(await readAll(broker, 't', 1))]
    assert.deepEqual(
      stored.map(({ value }) => (JSON.parse(text(value) ?? '') as { value: number }).value),
      rows.map((_, i) => i),
    )
  })

  test('models and inspect show what is in Kafka, also beside a daemon', async (t) => {
    const { broker, end } = await connectKafka(kafka.brokers, { modelsTopic: 'tidecast.models' })
    t.after(end)
    const config = pipelineConfig('t', { partitions: 2 })
    await broker.ensureTopics([{ name: 't', partitions: 2 }])
    await pinNetwork(broker.models, config, ['s'])
    const { models } = JSON.parse((await run(registerModels, 'models', 'list', '--json')).out) as {
      models: { version: number; champion: boolean }[]
    }
    assert.deepEqual(
      models.map(({ version, champion }) => ({ version, champion })),
      [{ version: 1, champion: true }],
    )
    const inspection = JSON.parse((await run(registerInspect, 'inspect', 't', '--json')).out) as {
      champion: number
      topics: { role: string; partitions: { committed: number | null }[] | null }[]
    }
    assert.equal(inspection.champion, 1)
    assert.deepEqual(
      inspection.topics[0]?.partitions?.map(({ committed }) => committed),
      [null, null],
    )
  })

  test('models prune removes old versions from Kafka, weights and all, as it says before', async (t) => {
    const { broker, end } = await connectKafka(kafka.brokers, { modelsTopic: 'tidecast.models' })
    t.after(end)
    const config = pipelineConfig('t', { partitions: 2 })
    for (let i = 0; i < 3; i++) await pinNetwork(broker.models, config, ['s'])
    const all = broker.models.list('t').map(({ version }) => version)
    const prune = async (...more: string[]): Promise<unknown> => {
      const { out, error } = await run(
        registerModels,
        'models',
        'prune',
        't',
        '--keep',
        '1',
        '--json',
        ...more,
      )
      assert.equal(error, null)
      return JSON.parse(out)
    }
    // The champion is the newest; the one before it can be gone back to.
    const removed = all.slice(0, -2)
    assert.ok(removed.length > 0)
    assert.deepEqual(await prune('--dry-run'), { pipeline: 't', dryRun: true, removed })
    assert.deepEqual(await prune(), { pipeline: 't', dryRun: false, removed })
    assert.deepEqual(await prune(), { pipeline: 't', dryRun: false, removed: [] })
    const later = await connectKafka(kafka.brokers, { modelsTopic: 'tidecast.models' })
    t.after(later.end)
    const { models } = later.broker
    assert.deepEqual(
      models.list('t').map(({ version }) => version),
      all.slice(-2),
    )
    for (const version of all) assert.equal(models.get('t', version) === null, removed.includes(version))
    assert.equal(models.champion('t'), all.at(-1))
  })

  test('a backup holds the copies of states, and the models as files; restored, only what came since is read again', async (t) => {
    const dir = join(cwd, 'data', 'kafka')
    const own = async (rows: readonly StateRow[]): Promise<{ from: number; stored: object }> => {
      let from = NaN
      const { broker, end } = await connectKafka(kafka.brokers, {
        dir,
        log: (_, message, details) => {
          if (message === 'kafka: states are copied') from = Number(details['from'])
        },
      })
      try {
        await broker.ensureTopics([{ name: 't', partitions: 2 }])
        const { leases } = await takeOver(broker, 't', consumerGroup('t'), 2)
        const stored = await loadRows(leases[0]!)
        for (const one of rows) await leases[0]!.checkpoint({ meta: bytes('m'), rows: [one] })
        return { from, stored }
      } finally {
        await end()
      }
    }
    const { broker, end } = await connectKafka(kafka.brokers, { modelsTopic: 'tidecast.models' })
    t.after(end)
    const config = pipelineConfig('t', { partitions: 2 })
    const { version } = await pinNetwork(broker.models, config, ['s'])
    await own([row('a', 0, 'before')])
    const made = await run(registerBackup, 'backup', 'kept')
    assert.equal(made.code, 0, String(made.error))
    assert.match(made.out, new RegExp(`^t +t +in Kafka +1 .*${version}$`, 'm'))
    assert.match(made.out, /Topics, offsets, states and models are in Kafka/)
    assert.ok(existsSync(join(cwd, 'kept', 'models', `t-gru-${version}.model`)))
    await own([row('a', 1, 'after'), row('b', 2, 'after')])
    rmSync(dir, { recursive: true })
    const restored = await run(registerRestore, 'restore', 'kept')
    assert.equal(restored.code, 0, String(restored.error))
    const { from, stored } = await own([])
    assert.deepEqual(stored, { a: 'after', b: 'after' })
    assert.ok(from > 0, 'what is in the backup is not read again')
  })

  test('the doctor finds a cluster that answers, and one that does not', async () => {
    const doctor = async (...options: string[]): Promise<{ status: string; detail: string }> => {
      const { out } = await run(registerDoctor, 'doctor', '--json', ...options)
      const { checks } = JSON.parse(out) as { checks: { name: string; status: string; detail: string }[] }
      return checks.find(({ name }) => name === 'broker')!
    }
    const { status, detail } = await doctor()
    assert.equal(status, 'ok', detail)
    assert.match(detail, /^Kafka at 127\.0\.0\.1:\d+ answers/)
    const unreachable = await doctor('--set', 'broker.kafka.brokers=127.0.0.1:1')
    assert.equal(unreachable.status, 'fail')
    assert.match(unreachable.detail, /127\.0\.0\.1:1/)
  })
})
