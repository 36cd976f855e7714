import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  decodeChampion,
  decodeManifest,
  encodeChampion,
  encodeModel,
} from '../../../src/adapters/kafka/model-codec.js'
import { randomNetwork } from '../../support/pinned-network.js'
import { pipelineConfig } from '../../support/pipeline-config.js'

const NEWER = {
  code: 'newer-format',
  message: /has format 2, written by a newer Tidecast; this one knows formats up to 1/,
}

test('a version and a champion that a newer Tidecast has stored are refused, naming both formats', () => {
  const model = { ...randomNetwork(pipelineConfig('p', {}), ['s']), version: 3 }
  const manifest = encodeModel(model).at(-1)!.value!
  assert.equal(decodeManifest(manifest, 'p', 3).model.version, 3)
  assert.throws(() => decodeManifest(raised(manifest), 'p', 3), NEWER)
  const champion = encodeChampion('p', { version: 3 }).value!
  assert.equal(decodeChampion(champion, 'p').version, 3)
  assert.throws(() => decodeChampion(raised(champion), 'p'), NEWER)
})

function raised(json: Buffer): Buffer {
  return Buffer.from(JSON.stringify({ ...(JSON.parse(json.toString()) as object), format: 2 }))
}
