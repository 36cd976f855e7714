import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigError } from '../../src/config/error.js'
import { loadConfig } from '../../src/config/load.js'
import { pipelineConfig } from '../support/pipeline-config.js'

const dayOf = (date: string): number => Date.parse(`${date}T00:00:00Z`) / 86_400_000

function problem(settings: object): { path: string; expected: string } {
  try {
    pipelineConfig('p', settings as Record<string, unknown>)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems[0]!
    throw error
  }
  return { path: 'none', expected: '' }
}

test('holidays are those of a country, of its regions, and single dates, each once and in order', () => {
  const days = (...holidays: string[]): readonly number[] =>
    pipelineConfig('p', { calendar: { holidays } }).calendar.days
  const us = days('US')
  for (const date of ['2017-07-04', '2017-11-23', '1999-12-25', '2040-01-01'])
    assert.ok(us.includes(dayOf(date)), date)
  assert.ok(!us.includes(dayOf('2017-07-05')))
  // Epiphany is a holiday in Bavaria, and not in Berlin.
  assert.ok(days('DE-BY').includes(dayOf('2026-01-06')))
  assert.ok(!days('DE-BE').includes(dayOf('2026-01-06')))
  assert.deepEqual(days('2026-12-24', '2025-12-24', '2026-12-24'), [dayOf('2025-12-24'), dayOf('2026-12-24')])
  const together = days('DE', '2026-01-01', '2026-02-01')
  assert.deepEqual(
    together,
    [...new Set([...days('DE'), dayOf('2026-02-01')])].sort((a, b) => a - b),
  )
  // On the command line, with commas.
  const text = '{ pipelines: { p: {} } }'
  const overrides = { 'pipelines.p.calendar.holidays': 'PT, 2026-12-24', 'pipelines.p.covariates': 'a,b' }
  const [pipeline] = loadConfig({ files: [], text, env: {}, overrides }).pipelines
  assert.deepEqual(pipeline!.calendar.holidays, ['PT', '2026-12-24'])
  assert.deepEqual(pipeline!.covariates, ['a', 'b'])
})

test('time zones and holidays that nobody knows are refused by name', () => {
  assert.equal(problem({ calendar: { timeZone: 'Europe/Atlantis' } }).path, 'pipelines.p.calendar.timeZone')
  for (const name of ['XX', 'US-QQ', 'Germany', '2026-02-30', '2026-2-3', 'de']) {
    assert.equal(problem({ calendar: { holidays: [name] } }).path, 'pipelines.p.calendar.holidays', name)
  }
})

test('what is known ahead are covariates, all of them unless some are named, and none without a topic', () => {
  const ahead = (settings: object): readonly string[] =>
    pipelineConfig('p', { covariates: ['a', 'b'], ...settings }).futureCovariates.names
  assert.deepEqual(ahead({ futureCovariates: { topic: 'w' } }), ['a', 'b'])
  assert.deepEqual(ahead({ futureCovariates: { topic: 'w', names: ['b'] } }), ['b'])
  assert.deepEqual(ahead({}), [])
  for (const [settings, path] of [
    [{ futureCovariates: { topic: 'w', names: ['c'] } }, 'names'],
    [{ covariates: [], futureCovariates: { topic: 'w' } }, 'topic'],
    [{ futureCovariates: { topic: 'p' } }, 'topic'],
    [{ interval: 'observations', season: 'none', futureCovariates: { topic: 'w' } }, 'topic'],
  ] as const) {
    assert.equal(problem({ covariates: ['a'], ...settings }).path, `pipelines.p.futureCovariates.${path}`)
  }
  assert.equal(problem({ covariates: ['a', 'a'] }).path, 'pipelines.p.covariates')
  assert.equal(problem({ covariates: ['a b'] }).path, 'pipelines.p.covariates')
})
