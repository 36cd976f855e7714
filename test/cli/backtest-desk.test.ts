import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import process from 'node:process'
import { test, type TestContext } from 'node:test'
import { BacktestDesk } from '../../src/cli/backtest-desk.js'
import type { BacktestRequest, BacktestStatus } from '../../src/ports/control/backtests.js'

const REQUEST: BacktestRequest = { interval: '1h', season: '12', horizon: 2, test: 0.2 }
const LOOK_MS = 50

function csv(hours: number): Buffer {
  const rows = Array.from({ length: hours }, (_, hour) => {
    const value = 100 + 10 * Math.sin((hour * Math.PI) / 6) + ((hour * 7919) % 5)
    return `a,${new Date(hour * 3_600_000).toISOString()},${value.toFixed(2)}`
  })
  return Buffer.from(`series,ts,value\n${rows.join('\n')}\n`)
}

async function started(t: TestContext, data: Uint8Array): Promise<{ desk: BacktestDesk; id: string }> {
  const desk = new BacktestDesk({ ...process.env })
  t.after(() => desk.close())
  const outcome = await desk.start(data, REQUEST)
  assert.ok(outcome.kind === 'started')
  return { desk, id: outcome.id }
}

async function ended(desk: BacktestDesk, id: string): Promise<BacktestStatus> {
  for (;;) {
    const status = desk.status(id)!
    if (status.state !== 'running') return status
    await pause(LOOK_MS)
  }
}

test('data are backtested in a process of their own, another one is refused meanwhile, and the report is kept', async (t) => {
  const { desk, id } = await started(t, csv(400))
  assert.deepEqual(await desk.start(csv(10), REQUEST), { kind: 'busy' })
  const { state, report, why } = await ended(desk, id)
  assert.equal(state, 'done', why ?? '')
  const [network, baseline] = report!.models.map(({ scores }) => scores)
  assert.ok(network!.mase! > 0 && network!.origins > 50)
  assert.equal(network!.origins, baseline!.origins)
})

test('what cannot be backtested says why', async (t) => {
  const { desk, id } = await started(t, Buffer.from('not,a\nfile'))
  const { state, why } = await ended(desk, id)
  assert.equal(state, 'failed')
  assert.match(why!, /series/)
  const wrong = await new BacktestDesk({}).start(csv(10), { ...REQUEST, interval: 'now' })
  assert.ok(wrong.kind === 'refused' && /interval/.test(wrong.why))
  const unknown = await new BacktestDesk({}).start(csv(10), { ...REQUEST, compare: 'gru,gpt' })
  assert.ok(unknown.kind === 'refused' && /some of/.test(unknown.why))
})

test('a backtest that is given up ends, and another one may begin', async (t) => {
  const { desk, id } = await started(t, csv(4000))
  assert.equal(desk.cancel('unknown'), undefined)
  assert.equal(desk.cancel(id)!.state, 'cancelled')
  assert.equal(desk.cancel(id)!.state, 'cancelled', 'it stays so')
  for (;;) {
    const outcome = await desk.start(csv(10), REQUEST)
    if (outcome.kind === 'started') break
    assert.equal(outcome.kind, 'busy')
    await pause(LOOK_MS)
  }
  assert.deepEqual([desk.status(id)!.state, desk.status(id)!.report], ['cancelled', null])
})
