import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PipelineStatus } from '../../src/ports/control.js'
import { startupText } from '../../src/telemetry/startup-text.js'
import { statusBlock, statusLine } from '../../src/telemetry/status-lines.js'
import { Terminal } from '../../src/telemetry/terminal.js'

const STATUS: PipelineStatus = {
  name: 'electricity',
  topic: 'electricity',
  output: 'electricity.forecasts',
  form: {
    kind: 'numbers',
    interval: 'PT1H',
    season: { short: 24, long: 168 },
    horizon: 24,
    quantiles: [0.1, 0.5, 0.9],
  },
  model: 'gru@3',
  phase: 'running',
  training: 'waiting',
  records: 100_000,
  recordsPerSecond: 12_345.6,
  lag: 7,
  series: 321,
  rejected: 0,
  stale: { count: 0, longest: null },
  accuracy: {
    network: { mase: 0.8123, smape: 0.1, wql: 0.071, coverage: 0.806, bias: 0 },
    baseline: { mase: 0.97, smape: 0.1, wql: null, coverage: 0.79, bias: 0 },
    horizons: [],
    targets: 1000,
  },
}

/** A terminal as a person sees it: understands what the driver sends, and nothing else. */
function screen(columns: number, rows: number) {
  let lines = ['']
  return {
    columns,
    rows,
    lines: () => lines,
    write(text: string) {
      for (const part of text.split(/(\p{Cc}(?:\[\d+[AJ])?)/u)) {
        const up = /\[(\d+)A$/.exec(part)
        if (part === '\n') lines = [...lines, '']
        else if (part.startsWith('\u001B') && up !== null) lines = [...lines.slice(0, -1 - Number(up[1])), '']
        else if (!/^\p{Cc}/u.test(part)) lines = [...lines.slice(0, -1), `${lines.at(-1) ?? ''}${part}`]
      }
    },
  }
}

test('the status block shows what on-call people ask for, against the baseline', () => {
  const [header, line] = statusBlock([STATUS], { columns: 200, rows: 24 })
  assert.match(header ?? '', /^pipeline +state +records\/s +lag +series +model +MASE \(base\)/)
  assert.match(
    line ?? '',
    /^electricity +running +12,346 +7 +321 +gru@3 +0\.812 \(0\.970\) +0\.071 \(–\) +81 % +waiting$/,
  )
})

test('the status block never wraps nor scrolls, and cannot move the cursor', () => {
  const many = Array.from({ length: 30 }, (_, i) => ({
    ...STATUS,
    name: `p${i}`,
    training: 'failed:\n\u001B[2J',
  }))
  const block = statusBlock(many, { columns: 40, rows: 10 })
  assert.equal(block.length, 9)
  assert.match(block.at(-1) ?? '', /^… 23 more$/)
  for (const line of block) {
    assert.ok(line.length <= 40)
    assert.doesNotMatch(line, /\p{Cc}/u)
  }
})

test('before anything could be scored, the status says so without numbers', () => {
  const line = statusLine({ ...STATUS, accuracy: null, model: 'baseline' })
  assert.equal(line, 'electricity: running, 12,346 records/s, lag 7, 321 series, baseline, training waiting')
  assert.match(statusLine(STATUS), /MASE 0\.812 \(0\.970\), WQL 0\.071 \(–\), coverage 81 %/)
})

test('the start-up text has a curl line with the file of the token, not the token', () => {
  const facts = {
    version: '0.1.0',
    url: 'http://127.0.0.1:8787',
    backend: 'tensorflow 2.19 (cpu)',
    pipelines: [{ name: 'p', topic: 't', output: 'p.forecasts' }],
  }
  const text = startupText({ ...facts, tokenFile: 'data/token' })
  assert.match(
    text,
    /curl http:\/\/127\.0\.0\.1:8787\/api\/v1\/topics\/t\/records -H "Authorization: Bearer \$\(cat data\/token\)"/,
  )
  assert.match(startupText({ ...facts, tokenFile: "/my data/it's" }), /\$\(cat '\/my data\/it'\\''s'\)/)
  assert.match(startupText({ ...facts, tokenFile: null }), /Bearer \$TIDECAST_HTTP_TOKEN"/)
})

test('log lines and the live block do not garble each other', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const stream = screen(120, 24)
  const terminal = new Terminal({ stream, isTTY: true, clock: { now: () => 0 } })
  let lag = 1
  terminal.write('started\n')
  terminal.start(() => [{ ...STATUS, lag }])
  terminal.write('log 1\n')
  lag = 2
  t.mock.timers.tick(1000)
  terminal.write('log 2\nlog 3\n')
  assert.deepEqual(stream.lines().slice(0, 4), ['started', 'log 1', 'log 2', 'log 3'])
  assert.deepEqual(stream.lines().slice(4), [...statusBlock([{ ...STATUS, lag: 2 }], stream), ''])
  terminal.stop()
  terminal.write('after\n')
  t.mock.timers.tick(5000)
  assert.equal(stream.lines().length, 8)
  assert.equal(stream.lines().at(-2), 'after')
})

test('without a terminal a pipeline gets a line every ten seconds, and at once when its state changes', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const clock = { at: 0, now: () => clock.at }
  const lines: [number, string][] = []
  const terminal = new Terminal({
    stream: { write: (text) => lines.push([clock.at, text]) },
    isTTY: false,
    clock,
  })
  let status = STATUS
  terminal.start(() => [status])
  for (let second = 1; second <= 25; second++) {
    clock.at += 1000
    status = { ...STATUS, lag: second, training: second >= 13 ? 'running' : 'waiting' }
    t.mock.timers.tick(1000)
  }
  terminal.stop()
  assert.deepEqual(
    lines.map(([at]) => at),
    [0, 10_000, 13_000, 23_000],
  )
  for (const [, text] of lines) assert.match(text, /^electricity: running, \P{Cc}*\n$/u)
})
