import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openEmbeddedBroker } from '../../src/adapters/embedded/embedded-broker.js'
import { prunable } from '../../src/core/retention.js'
import { decodeModelFile, encodeModelFile } from '../../src/pipeline/models/file.js'
import { ModelDesk, restingOffice } from '../../src/pipeline/models/desk.js'
import { signatureOf, traitsFor, traitsOf } from '../../src/pipeline/models/traits.js'
import { systemClock } from '../../src/ports/clock.js'
import { ModelError } from '../../src/ports/control/models.js'
import { championsAfter, type ModelStore } from '../../src/ports/model-store.js'
import { withDataDirectory } from '../support/house.js'
import { pipelineConfig } from '../support/pipeline-config.js'
import { randomNetwork } from '../support/pinned-network.js'

const SETTINGS = { interval: '1h', season: [24], horizon: 4, model: { hidden: 8 } }
const config = pipelineConfig('p', SETTINGS)

/** A desk over an embedded store, with so many versions in it. */
async function withDesk(
  versions: number,
  use: (desk: ModelDesk, models: ModelStore) => Promise<void>,
): Promise<void> {
  await withDataDirectory(async (dir) => {
    const broker = await openEmbeddedBroker({ dir, mapSizeBytes: 2 ** 30, clock: systemClock, pid: 1 })
    try {
      const { models } = broker
      for (let i = 0; i < versions; i++) await models.put(randomNetwork(config, ['a', 'b'], { seed: i }))
      await use(new ModelDesk(config, models, restingOffice(config, models), systemClock), models)
    } finally {
      await broker.close()
    }
  })
}

function refused(code: ModelError['code']): (error: unknown) => boolean {
  return (error) => error instanceof ModelError && error.code === code
}

test('a roll-back leads to the champion before, the next one further back, and at last to the baseline', async () => {
  await withDesk(3, async (desk, models) => {
    await assert.rejects(desk.rollback(undefined, ''), refused('nothing-to-do'))
    for (const version of [1, 2, 3]) await desk.promote(version, '')
    const champions: (number | null)[] = []
    while (desk.status().champion !== null) {
      await desk.rollback(undefined, 'worse at night')
      champions.push(desk.status().champion)
    }
    assert.deepEqual(champions, [2, 1, null])
    const [first] = models.decisions('p').filter(({ outcome }) => outcome === 'rolled-back')
    assert.deepEqual([first!.version, first!.to, first!.reason], [3, 2, 'by hand: worse at night'])
    await desk.rollback(2, '')
    assert.equal(desk.status().champion, 2)
    await desk.rollback('baseline', '')
    assert.equal(desk.status().champion, null)
    await assert.rejects(desk.rollback(9, ''), refused('unknown-version'))
    await assert.rejects(desk.promote(9, ''), refused('unknown-version'))
  })
})

test('going back to an earlier champion forgets those after it', () => {
  assert.deepEqual(championsAfter([], null, 1), [])
  assert.deepEqual(championsAfter([], 1, 2), [1])
  assert.deepEqual(championsAfter([1], 2, null), [1, 2])
  assert.deepEqual(championsAfter([1, 2], null, 3), [1, 2, null])
  assert.deepEqual(championsAfter([1, 2, null], 3, 1), [])
  assert.deepEqual(championsAfter([1, 2], 3, 3), [1, 2])
})

test('what is newest, in office, its ancestor, or was in office before, is kept', () => {
  const models = [null, 1, 2, null, null, null].map((parent, i) => ({ version: i + 1, parent }))
  assert.deepEqual(prunable(models, 3, [4], 1), [5])
  assert.deepEqual(prunable(models, 5, [4], 1), [1, 2, 3])
  assert.deepEqual(prunable(models, null, [], 2), [1, 2, 3, 4])
  assert.deepEqual(prunable(models, 3, [], 10), [])
})

test('pruned versions are gone, and their numbers are not given again', async () => {
  await withDesk(5, async (desk, models) => {
    await desk.promote(2, '')
    assert.deepEqual(await desk.prune(2), [1, 3])
    assert.deepEqual(
      models.list('p').map(({ version }) => version),
      [2, 4, 5],
    )
    assert.equal(models.get('p', 3), null)
    const next = await models.put(randomNetwork(config, ['a', 'b']))
    assert.equal(next.version, 6)
    for (const version of [2, 6]) await assert.rejects(models.remove('p', [version]), RangeError)
  })
})

test('an exported version is the same network after its import, under a new number', async () => {
  await withDesk(2, async (desk, models) => {
    const file = desk.export(1)
    const stored = await desk.import(file)
    assert.equal(stored.version, 3)
    assert.deepEqual(stored.origin, { pipeline: 'p', version: 1 })
    const [one, other] = [models.get('p', 1)!, models.get('p', 3)!]
    assert.deepEqual(other.weights, one.weights)
    assert.deepEqual(other.spec, one.spec)
    assert.deepEqual(other.scores, one.scores)
    assert.equal(desk.status().champion, null, 'it does not forecast by being imported')
  })
})

test('a file that is damaged, cut, or no model is refused, and nothing is stored', async () => {
  await withDesk(1, async (desk, models) => {
    const file = Buffer.from(desk.export(1))
    const flipped = Buffer.from(file)
    flipped[file.length - 3]! ^= 1
    const renamed = Buffer.from(file.toString('latin1').replace('"hidden":8', '"hidden":9'), 'latin1')
    const bad = [flipped, renamed, file.subarray(0, -4), Buffer.from('hello'), Buffer.alloc(0)]
    for (const bytes of bad) await assert.rejects(desk.import(bytes), refused('bad-file'))
    assert.equal(models.list('p').length, 1)
  })
})

test('what does not hang together is refused even where the checksum is right', () => {
  const model = { ...randomNetwork(config, ['a', 'b']), version: 1 }
  const { spec } = model
  const wrong = [
    { ...model, weights: model.weights.slice(1) },
    { ...model, weights: model.weights.map((w, i) => (i === 5 ? NaN : w)) },
    { ...model, spec: { ...spec, hidden: 0 } },
    { ...model, spec: { ...spec, hidden: 1e9 } },
    { ...model, spec: { ...spec, mixture: spec.mixture + 1 } },
    { ...model, spec: { ...spec, series: [1, 2] as unknown as string[] } },
    { ...model, report: {} as typeof model.report },
  ]
  for (const one of wrong) assert.throws(() => decodeModelFile(encodeModelFile(one)), refused('bad-file'))
  assert.deepEqual(decodeModelFile(encodeModelFile(model)).weights, model.weights)
})

test('a network made for another configuration is told by its signature, and not promoted or imported', async () => {
  const other = pipelineConfig('p', { ...SETTINGS, model: { hidden: 16 } })
  const alike = pipelineConfig('p', { ...SETTINGS, training: { clipNorm: 2 }, state: { ttl: '9d' } })
  const { spec } = randomNetwork(config, ['a'])
  const signature = signatureOf(traitsOf(spec))
  assert.equal(signatureOf(traitsFor(alike)), signature)
  assert.notEqual(signatureOf(traitsFor(other)), signature)
  await withDesk(1, async (desk, models) => {
    const moved = new ModelDesk(other, models, restingOffice(other, models), systemClock)
    await assert.rejects(moved.promote(1, ''), /model.hidden 8, not 16/)
    await assert.rejects(moved.import(desk.export(1)), refused('unfit'))
    assert.deepEqual(moved.status().models[0]!.misfits, ['model.hidden 8, not 16'])
  })
})

test('a calendar and covariates are part of the signature and of the file, and only where there are any', () => {
  const plain = randomNetwork(config, ['a']).spec
  assert.ok(!('calendar' in plain) && !('covariates' in plain) && !('futureCovariates' in plain))
  const calendar = { timeZone: 'Europe/Berlin', holidays: ['DE'] }
  const signatures = [
    {},
    { calendar: { timeZone: 'Europe/Berlin' } },
    { calendar },
    { covariates: ['a'] },
    { covariates: ['b'] },
    { covariates: ['a'], futureCovariates: { topic: 'w' } },
  ].map((more) => {
    const changed = pipelineConfig('p', { ...SETTINGS, ...more })
    const signature = signatureOf(traitsFor(changed))
    assert.equal(signatureOf(traitsOf(randomNetwork(changed, ['a']).spec)), signature)
    return signature
  })
  assert.equal(new Set(signatures).size, signatures.length)
  const elsewhere = pipelineConfig('p', { ...SETTINGS, covariates: ['a'], futureCovariates: { topic: 'v' } })
  assert.equal(
    signatureOf(traitsFor(elsewhere)),
    signatures.at(-1),
    'from which topic they come is no matter',
  )

  const surrounded = pipelineConfig('p', {
    ...SETTINGS,
    calendar,
    covariates: ['a'],
    futureCovariates: { topic: 'w' },
  })
  const model = { ...randomNetwork(surrounded, ['a']), version: 1 }
  assert.deepEqual(decodeModelFile(encodeModelFile(model)).spec, model.spec)
  for (const wrong of [
    { calendar: { ...model.spec.calendar!, timeZone: 'Europe/Atlantis' } },
    { calendar: { ...model.spec.calendar!, days: ['2026-01-01'] } },
    { covariates: [1] },
    { covariates: ['a', 'b'] },
    { futureCovariates: {} },
  ] as object[]) {
    const spec = { ...model.spec, ...wrong }
    assert.throws(
      () => decodeModelFile(encodeModelFile({ ...model, spec })),
      refused('bad-file'),
      JSON.stringify(wrong),
    )
  }
})
