import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadConfig } from '../../src/config/load.js'
import { dueTraining, type Situation } from '../../src/training/triggers.js'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const LEAST = 28 * DAY // four weeks

function situation(training: string, changes: Partial<Situation> = {}): Situation {
  const text = `{ pipelines: { p: { topic: "t", interval: "1h", season: [24, 168], training: { ${training} } } } }`
  return {
    config: loadConfig({ files: [], text, env: {} }).pipelines[0]!,
    championTo: 100 * DAY,
    longest: 3000,
    total: 3000,
    newest: 101 * DAY,
    trained: [{ from: 0, to: 100 * DAY, observations: 2400, series: 1, seen: 2400 }],
    alarm: null,
    complete: true,
    setAsideSince: null,
    rolledBackAt: null,
    ...changes,
  }
}

const alarm = { at: 150 * DAY, sign: 'error', value: 1, usual: 0.1, periods: 3 } as const
const again = (to: number): Situation['trained'][number] => ({ from: 0, to, observations: 3000, series: 1 })

test('by itself a network in use is left alone', () => {
  assert.deepEqual(dueTraining(situation('', { newest: 1000 * DAY })), {})
})

test('a schedule counts in the time of the stream, and waits for enough that is new', () => {
  const every = 'every: "7d"'
  assert.deepEqual(dueTraining(situation(every, { newest: 110 * DAY })), { at: 100 * DAY + LEAST })
  assert.deepEqual(dueTraining(situation(every, { newest: 128 * DAY })), { reason: 'schedule', since: null })
  // Refused: it goes on to the next date.
  const trained = [again(100 * DAY), again(128 * DAY)]
  assert.deepEqual(dueTraining(situation(every, { newest: 130 * DAY, trained })), { at: 135 * DAY })
})

test('after so many observations', () => {
  const after = 'afterObservations: 1000'
  assert.deepEqual(dueTraining(situation(after, { newest: 200 * DAY })), { observations: 400 })
  const due = dueTraining(situation(after, { newest: 200 * DAY, total: 3400 }))
  assert.deepEqual(due, { reason: 'observations', since: null })
})

test('after an alarm, once enough has followed it; refused, each time that has doubled, four times', () => {
  assert.deepEqual(dueTraining(situation('', { newest: 160 * DAY, alarm })), { at: 150 * DAY + LEAST })
  const due = { reason: 'drift', since: alarm.at }
  assert.deepEqual(dueTraining(situation('', { newest: 178 * DAY, alarm })), due)
  const refused = [again(100 * DAY), again(178 * DAY)]
  assert.deepEqual(dueTraining(situation('', { newest: 179 * DAY, alarm, trained: refused })), {
    at: 150 * DAY + 2 * LEAST,
  })
  const four = [...refused, ...[206, 262, 374].map((day) => again(day * DAY))]
  assert.deepEqual(dueTraining(situation('', { newest: 2000 * DAY, alarm, trained: four })), {})
  // A network that has seen what came after it has answered the alarm.
  assert.deepEqual(dueTraining(situation('', { newest: 2000 * DAY, alarm, championTo: 178 * DAY })), {})
})

test('when a network was set aside: once there is enough to judge by since it fell behind, then as that doubles', () => {
  const aside = { championTo: null, setAsideSince: 150 * DAY }
  const due = { reason: 'set-aside', since: 150 * DAY }
  // Earlier a training could only fail, and would not be tried again for long.
  assert.deepEqual(dueTraining(situation('', { ...aside, newest: 153 * DAY })), { at: 164 * DAY })
  assert.deepEqual(dueTraining(situation('', { ...aside, newest: 164 * DAY })), due)
  const trained = [again(100 * DAY), again(164 * DAY)]
  assert.deepEqual(dueTraining(situation('', { ...aside, newest: 165 * DAY, trained })), {
    at: 150 * DAY + LEAST,
  })
  assert.deepEqual(dueTraining(situation('', { ...aside, newest: 178 * DAY, trained })), due)
})

test('the first training waits for enough history; the next, after a refusal, for a quarter more', () => {
  const young = { championTo: null, trained: [] }
  assert.deepEqual(dueTraining(situation('', { ...young, longest: 1000, total: 1000 })), {
    observations: 344,
  })
  assert.deepEqual(dueTraining(situation('', { ...young })), { reason: 'first', since: null })
  const refused = { championTo: null }
  assert.deepEqual(dueTraining(situation('', { ...refused, total: 2900 })), { observations: 100 })
  assert.deepEqual(dueTraining(situation('', { ...refused, total: 3000 })), {
    reason: 'more-data',
    since: null,
  })
})

test('after people have gone back to another network nothing is trained until there is enough that is new', () => {
  const due = { every: '"7d"', newest: 200 * DAY, rolledBackAt: 190 * DAY }
  assert.deepEqual(dueTraining(situation(`every: ${due.every}`, due)), { at: 190 * DAY + LEAST })
  const later = { ...due, newest: 190 * DAY + LEAST }
  assert.deepEqual(dueTraining(situation(`every: ${due.every}`, later)), { reason: 'schedule', since: null })
  const toBaseline = { championTo: null, newest: 200 * DAY, total: 1e6, rolledBackAt: 190 * DAY }
  assert.deepEqual(dueTraining(situation('', toBaseline)), { at: 190 * DAY + LEAST })
})
