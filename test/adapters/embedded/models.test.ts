import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { test } from 'node:test'
import { open } from 'lmdb'
import type { NetworkSpec } from '../../../src/core/network-spec.js'
import type { StoredModel } from '../../../src/ports/model-store.js'
import { openLog, temporaryDirectory, withLog } from './temporary-log.js'

const spec: NetworkSpec = {
  cell: 'gru',
  layers: 1,
  hidden: 4,
  inputs: 3,
  horizon: 2,
  quantiles: [0.1, 0.5, 0.9],
  targetFeatures: 2,
  mixture: 1,
  slots: 24,
  weekdays: 7,
  embedding: 0,
  series: [],
  kind: 'seasonal',
  season: { short: 24, long: 168 },
  interval: 3_600_000,
  nonNegative: [false],
  annual: false,
}
const scores = { mase: 0.8, wql: 0.1, coverage: 0.8, targets: 100 }

function model(pipeline: string, weights: readonly number[]): Omit<StoredModel, 'version'> {
  return {
    pipeline,
    spec,
    weights: new Float32Array(weights),
    parent: null,
    report: {
      startedAt: '2024-05-01T00:00:00.000Z',
      seconds: 1,
      backend: 'cpu',
      observations: 10,
      series: 1,
      updates: 2,
      from: 0,
      to: 1,
      curve: [[0, 1, 2]],
      clippedShare: 0,
      validationLoss: 0.5,
    },
    scores: { network: scores, baseline: scores },
  }
}

test('models come back as stored, numbered from 1 per pipeline, also after reopening', async () => {
  const dir = await temporaryDirectory()
  const broker = await openLog(dir)
  // A view into a larger buffer, at an odd place.
  const weights = new Float32Array(9).fill(Math.PI).subarray(1, 8)
  const first = await broker.models.put({ ...model('load', []), weights })
  assert.deepEqual(first, { ...model('load', []), weights, version: 1 })
  for (let version = 2; version <= 11; version++) {
    assert.equal((await broker.models.put(model('load', [version]))).version, version)
  }
  assert.equal((await broker.models.put(model('load-2', []))).version, 1)
  assert.equal(broker.models.champion('load'), null)
  await broker.models.setChampion('load', 11)
  await broker.close()

  const { models, close } = await openLog(dir).then((log) => ({
    models: log.models,
    close: () => log.close(),
  }))
  assert.deepEqual(
    models.list('load').map(({ version }) => version),
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
  )
  assert.ok(models.list('load').every((listed) => !('weights' in listed)))
  assert.deepEqual(models.get('load', 1), first)
  assert.deepEqual(models.get('load-2', 1)?.weights, new Float32Array(0))
  assert.equal(models.get('load', 12), null)
  assert.deepEqual(models.list('unknown'), [])
  assert.equal(models.champion('load'), 11)
  assert.equal(models.champion('load-2'), null)
  await models.setChampion('load', null)
  assert.equal(models.champion('load'), null)
  await assert.rejects(models.setChampion('load', 12), /no model version 12/)
  await close()
  assert.throws(() => models.list('load'), { code: 'closed' })
  await rm(dir, { recursive: true })
})

test('a damaged model is named, and the others stay usable', async () => {
  await withLog(async (broker, dir) => {
    await broker.models.put(model('load', [1, 2]))
    await broker.models.put(model('load', [3, 4]))
    const raw = open({ path: dir, overlappingSync: false } as { path: string })
    const weights = raw.openDB<Buffer, (string | number)[]>('weights', { encoding: 'binary' })
    weights.putSync(['load', 1], Buffer.from(new Float32Array([1, 2.5]).buffer))
    assert.throws(() => broker.models.get('load', 1), {
      code: 'corrupt',
      message: /version 1 of pipeline load/,
    })
    assert.deepEqual(broker.models.get('load', 2)?.weights, new Float32Array([3, 4]))
    weights.putSync(['load', 1], Buffer.alloc(3))
    assert.throws(() => broker.models.get('load', 1), { code: 'corrupt' })
    await weights.close()
  })
})
