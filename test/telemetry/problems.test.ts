import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LearningStatus } from '../../src/ports/control/learning.js'
import type { Decision } from '../../src/ports/model-store.js'
import type { LiveScores, PipelineStatus } from '../../src/ports/control.js'
import { problemsOf, type Situation } from '../../src/telemetry/problems.js'
import { STATUS } from '../adapters/http/harness.js'

function scores(wql: number, coverage: number): LiveScores {
  return { mase: 1, smape: 0.1, wql, coverage, bias: 0 }
}

function situation(
  status: Partial<PipelineStatus> = {},
  rest: Partial<Omit<Situation, 'status'>> = {},
): Situation {
  return { status: { ...STATUS, records: 10_000, ...status }, trouble: null, learning: undefined, ...rest }
}

function learned(outcome: Decision['outcome'], why: string): LearningStatus {
  const decision: Decision = {
    at: '2026-01-01T00:00:00.000Z',
    reason: 'first',
    outcome,
    version: 3,
    why,
    scores: null,
    verdict: null,
  }
  return {
    state: 'waiting',
    reason: null,
    text: '',
    progress: null,
    curve: [],
    gradient: null,
    drift: { score: 0, alarm: null },
    shadow: null,
    nextDue: null,
    decisions: [decision],
  }
}

function accuracy(ours: LiveScores, theirs: LiveScores, targets = 1000): PipelineStatus['accuracy'] {
  return { targets, network: ours, baseline: theirs, horizons: [] }
}

test('where all is well, and where somebody has paused a pipeline, nothing is a problem', () => {
  const good = accuracy(scores(0.1, 0.8), scores(0.2, 0.8))
  assert.deepEqual(problemsOf([situation({ model: 'gru@3', accuracy: good })]), [])
  assert.deepEqual(problemsOf([situation({ phase: 'paused' })]), [])
  // It cannot be worse than itself.
  const even = accuracy(scores(0.3, 0.8), scores(0.1, 0.8))
  assert.deepEqual(problemsOf([situation({ model: 'baseline@1', accuracy: even })]), [])
})

const FAULTS: readonly (readonly [string, Situation, string, RegExp])[] = [
  ['a stopped pipeline', situation({ phase: 'failed' }), 'critical', /stopped for good/],
  ['a held-up one', situation({}, { trouble: 'no broker' }), 'critical', /no broker/],
  [
    'series that others go on without',
    situation({ series: 200, stale: { count: 3, longest: { series: 'meter-4', lastAt: 0 } } }),
    'warning',
    /3 of 200 series .*"meter-4", since 1970-01-01T00:00:00.000Z/,
  ],
  ['one that is coming back', situation({ phase: 'restoring' }), 'info', /restoring/],
  ['a backlog', situation({ lag: 50_000, recordsPerSecond: 100 }), 'warning', /50000 records/],
  ['a few dead letters', situation({ rejected: 3 }), 'info', /3 of 10000/],
  ['many dead letters', situation({ rejected: 300 }), 'warning', /300 of 10000/],
  [
    'a network behind the baseline',
    situation({ model: 'gru@3', accuracy: accuracy(scores(0.3, 0.8), scores(0.2, 0.8)) }),
    'warning',
    /WQL 0.300 against 0.200/,
  ],
  [
    'intervals that promise too much',
    situation({ model: 'gru@3', accuracy: accuracy(scores(0.1, 0.6), scores(0.2, 0.8)) }),
    'warning',
    /80 % intervals cover 60 %/,
  ],
  ['a failed training', situation({}, { learning: learned('failed', 'no room') }), 'warning', /no room/],
  [
    'a network set aside',
    situation({}, { learning: learned('set-aside', 'behind') }),
    'warning',
    /version 3/,
  ],
]

for (const [name, given, severity, what] of FAULTS) {
  test(`${name} is told with what to do about it`, () => {
    const [problem, ...others] = problemsOf([given])
    assert.deepEqual(others, [])
    assert.equal(problem!.severity, severity)
    assert.equal(problem!.pipeline, STATUS.name)
    assert.match(problem!.what, what)
    assert.ok(problem!.todo.length > 10)
  })
}

test('a network that has only just begun is not judged by a few targets', () => {
  const first = accuracy(scores(0.9, 0.1), scores(0.2, 0.8), 50)
  assert.deepEqual(problemsOf([situation({ model: 'gru@3', accuracy: first })]), [])
})

test('a backlog that is soon worked off is none', () => {
  assert.deepEqual(problemsOf([situation({ lag: 50_000, recordsPerSecond: 10_000 })]), [])
})

test('the worst comes first, whichever pipeline it is of', () => {
  const found = problemsOf([
    situation({ name: 'a', rejected: 3 }),
    situation({ name: 'b', lag: 50_000, recordsPerSecond: 1 }),
    situation({ name: 'c', phase: 'failed' }),
  ])
  assert.deepEqual(
    found.map(({ pipeline }) => pipeline),
    ['c', 'b', 'a'],
  )
})

test('a network that was set aside stays told of while its successors are refused, and no longer once one is promoted', () => {
  const after = (...outcomes: Decision['outcome'][]): string[] => {
    const decisions = ['set-aside' as const, ...outcomes].flatMap(
      (outcome) => learned(outcome, 'so').decisions,
    )
    return problemsOf([situation({}, { learning: { ...learned('refused', ''), decisions } })]).map(
      ({ what }) => what,
    )
  }
  assert.match(after('refused', 'refused').join(), /version 3 was set aside/)
  assert.deepEqual(after('refused', 'promoted', 'refused'), [])
})
