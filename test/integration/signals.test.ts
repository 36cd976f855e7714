import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import { loadNative } from '../../src/adapters/tensorflow/native.js'
import { unlessAvailable } from '../support/requirement.js'
import { signalStorm } from '../support/signal-storm.js'

interface Progress {
  readonly steps: number
  readonly finite: boolean
  readonly handled: number
}

const program = new URL('../support/stepping-process.js', import.meta.url)
const binding = new URL(
  '../../../node_modules/@tensorflow/tfjs-node/lib/napi-v8/tfjs_binding.node',
  import.meta.url,
)

const skip = unlessAvailable(
  existsSync(binding) && loadNative().kind === 'loaded',
  'the compiled TensorFlow binding and native module',
)

/** The kernels in question are generated for AVX2 and later. */
function vulnerable(): boolean {
  try {
    return / avx2 /.test(readFileSync('/proc/cpuinfo', 'utf8'))
  } catch {
    return false
  }
}

/** Starts the stepping process, waits until it steps, storms it, and tells how it fared. */
async function storm(mode: 'masked' | 'bare', signals: number): Promise<Outcome> {
  const child = fork(program, [mode], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
  const dead = new AbortController()
  let last: Progress | null = null
  child.on('message', (message) => (last = message as Progress))
  child.on('exit', () => dead.abort())
  try {
    await Promise.race([once(child, 'message'), once(child, 'exit')])
    const before: Progress | null = last
    const sent = await signalStorm(child.pid!, { signals, until: dead.signal })
    // Corruption shows with some delay, at an allocation or release.
    await Promise.race([sleep(1500), exited(child)])
    const alive = child.exitCode === null && child.signalCode === null
    return { sent, alive, signal: child.signalCode, before, after: last }
  } finally {
    child.kill('SIGKILL')
    await exited(child)
  }
}

interface Outcome {
  readonly sent: number
  readonly alive: boolean
  /** What the process died of. */
  readonly signal: NodeJS.Signals | null
  readonly before: Progress | null
  readonly after: Progress | null
}

async function exited(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
}

test('TensorFlow survives 150,000 mixed signals when its threads block them', { skip }, async () => {
  const { sent, alive, before, after } = await storm('masked', 150_000)
  assert.ok(alive, `the process died after ${sent} signals`)
  assert.equal(sent >= 150_000, true)
  assert.ok(before !== null && after !== null && after.steps > before.steps, 'it went on stepping')
  assert.equal(after.finite, true)
  assert.ok(after.handled > 1000, `the main thread handled ${after.handled} signals`)
})

test(
  'without the mask the same storm kills it',
  { skip: vulnerable() ? skip : 'no AVX2: nothing to corrupt' },
  async () => {
    // About two storms in three kill, soon or not at all (it depends on where the heap lies), so the odds are in the
    // number of starts: twenty survivors in a row are one case in a thousand million.
    for (let attempt = 0; attempt < 20; attempt++) {
      const { alive, signal } = await storm('bare', 300_000)
      if (alive) continue
      assert.match(signal ?? 'none', /SIGSEGV|SIGABRT|SIGBUS|SIGILL|SIGTRAP/, 'it crashed')
      return
    }
    assert.fail('the unprotected process survived twenty storms: the protected one proves nothing')
  },
)
