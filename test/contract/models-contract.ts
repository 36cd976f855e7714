/** How trained networks are kept, run against each broker. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, test } from 'node:test'
import type { Broker } from '../../src/ports/broker.js'
import type { Decision, ModelStore, StoredModel } from '../../src/ports/model-store.js'
import { pipelineConfig } from '../support/pipeline-config.js'
import { randomNetwork } from '../support/pinned-network.js'
import type { BrokerFixture } from './broker-contract.js'

type Fixture = BrokerFixture<Broker & { readonly models: ModelStore }>

export function modelsContract(name: string, open: () => Promise<Fixture>): void {
  describe(`models: ${name}`, () => {
    let fixture: Fixture
    let models: ModelStore
    let pipeline: string

    beforeEach(async () => {
      fixture = await open()
      models = fixture.broker.models
      pipeline = `p${randomUUID()}`
    })
    afterEach(() => fixture.destroy())

    const put = (seed: number): Promise<StoredModel> =>
      models.put(randomNetwork(pipelineConfig(pipeline, {}), ['a'], { seed }))
    const versions = (store: ModelStore): number[] => store.list(pipeline).map(({ version }) => version)

    test('what is removed is gone, weights and all, for whoever opens it later too; its number is not given again', async () => {
      const stored: StoredModel[] = []
      for (let seed = 1; seed <= 4; seed++) stored.push(await put(seed))
      await models.setChampion(pipeline, 2)
      await models.remove(pipeline, [1, 3])
      const look = (): void => {
        assert.deepEqual(versions(models), [2, 4])
        for (const gone of [1, 3]) assert.equal(models.get(pipeline, gone), null)
        for (const kept of [2, 4]) assert.deepEqual(models.get(pipeline, kept), stored[kept - 1])
      }
      look()
      models = (await fixture.reopen()).models
      look()
      assert.equal((await put(5)).version, 5)
    })

    test('neither champion nor newest version is removed, nor anything with them', async () => {
      for (let seed = 1; seed <= 3; seed++) await put(seed)
      await models.setChampion(pipeline, 1)
      for (const one of [
        [2, 1],
        [2, 3],
      ])
        await assert.rejects(models.remove(pipeline, one), RangeError)
      await assert.rejects(models.setChampion(pipeline, 9), RangeError)
      assert.deepEqual(versions((await fixture.reopen()).models), [1, 2, 3])
    })

    test('champions before are remembered in order; one step back forgets what came after', async () => {
      for (let seed = 1; seed <= 3; seed++) await put(seed)
      for (const version of [1, 2, null, 3]) await models.setChampion(pipeline, version)
      models = (await fixture.reopen()).models
      assert.equal(models.champion(pipeline), 3)
      assert.deepEqual(models.formerChampions(pipeline), [1, 2, null])
      await models.setChampion(pipeline, 2)
      models = (await fixture.reopen()).models
      assert.equal(models.champion(pipeline), 2)
      assert.deepEqual(models.formerChampions(pipeline), [1])
    })

    test('decisions come back as they were noted, the newest fifty', async () => {
      const decision = (i: number): Decision => ({
        at: new Date(i).toISOString(),
        reason: 'ärger',
        outcome: 'refused',
        version: i,
        why: 'not better by more than noise',
        scores: null,
        verdict: null,
      })
      for (let i = 0; i < 53; i++) await models.note(pipeline, decision(i))
      const expected = Array.from({ length: 50 }, (_, i) => decision(i + 3))
      assert.deepEqual((await fixture.reopen()).models.decisions(pipeline), expected)
    })
  })
}
