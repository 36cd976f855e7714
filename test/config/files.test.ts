import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { loadConfig } from '../../src/config/load.js'
import { configReference } from '../../src/config/reference.js'

const ROOT = new URL('../../../', import.meta.url)

function shipped(name: string) {
  return loadConfig({ files: [fileURLToPath(new URL(`config/${name}.json5`, ROOT))], env: {} })
}

test('the demonstration has its four pipelines, each on the topic of its name', () => {
  const { pipelines } = shipped('default')
  assert.deepEqual(
    pipelines.map(({ name, topic, interval, season, horizon }) => [
      name,
      topic,
      interval,
      season.short,
      season.long,
      horizon,
    ]),
    [
      ['electricity', 'electricity', 3_600_000, 24, 168, 24],
      ['traffic', 'traffic', 3_600_000, 24, 168, 24],
      ['weather', 'weather', 3_600_000, 24, 168, 24],
      ['stocks', 'stocks', 0, 1, 1, 5],
    ],
  )
})

for (const profile of ['stock', 'traffic', 'load', 'weather']) {
  test(`the profile for ${profile} loads without a problem`, () => {
    assert.equal(shipped(profile).pipelines.length, 1)
  })
}

test('the file for Kafka puts the demonstration on a cluster', () => {
  const files = ['default', 'kafka'].map((name) => fileURLToPath(new URL(`config/${name}.json5`, ROOT)))
  const { broker, pipelines } = loadConfig({ files, env: {} })
  assert.equal(broker.kind, 'kafka')
  assert.equal(pipelines.length, 4)
})

test('docs/configuration.md is what the schema says', () => {
  const page = readFileSync(new URL('docs/configuration.md', ROOT), 'utf8')
  assert.equal(page, configReference(), 'run `tidecast config reference > docs/configuration.md`')
})
