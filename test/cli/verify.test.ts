import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { registerVerify } from '../../src/cli/verify.js'
import type { Golden } from '../../src/cli/verify/golden.js'
import { runCommand } from './replay/harness.js'

const GOLDEN = fileURLToPath(new URL('../../../test/golden', import.meta.url))

interface Result {
  readonly ok: boolean
  readonly largestError: number | null
  readonly comparisons: { file: string; backend: string; form: string; ok: boolean }[]
}

const verify = (...argv: string[]) => runCommand(registerVerify, ['verify', ...argv], { cwd: '/' })

function folder(t: TestContext, ...files: string[]): string {
  const dir = mkdtempSync(join(tmpdir(), 'tidecast-verify-'))
  t.after(() => rmSync(dir, { recursive: true }))
  for (const file of files) cpSync(join(GOLDEN, file), join(dir, file))
  return dir
}

test('verify agrees with every reference file in every form on every portable backend, and where it is, on TensorFlow', async () => {
  const { out, code } = await verify('--golden', GOLDEN, '--json')
  const { ok, comparisons } = JSON.parse(out) as Result
  assert.equal(ok, true, out)
  assert.equal(code, 0)
  for (const [backend, form] of [
    ['wasm', 'plain'],
    ['cpu', 'plain'],
  ]) {
    assert.equal(comparisons.filter((one) => one.backend === backend && one.form === form).length, 25)
  }
  const native = comparisons.filter(({ backend }) => backend === 'tensorflow').length
  // Three forms; elsewhere than under CI there may be a binding without our operations, or none.
  const allowed = process.env['CI'] === undefined ? [75, 50, 0] : [75]
  assert.ok(allowed.includes(native), `${native} on TensorFlow`)
})

test('a state carried over 5,000 real observations is that of one long unroll, for each cell', async () => {
  const { out, code } = await runCommand(registerVerify, ['verify', '--stream', '--json'], { cwd: '/' })
  const { ok, comparisons } = JSON.parse(out) as {
    ok: boolean
    comparisons: { cell: string; steps: number; error: number; largest: number }[]
  }
  assert.equal(ok, true, out)
  assert.equal(code, 0)
  for (const cell of ['rnn', 'lstm', 'gru']) assert.ok(comparisons.some((one) => one.cell === cell))
  for (const { steps, error, largest } of comparisons) {
    assert.equal(steps, 5000)
    assert.ok(error < 1e-4, out)
    assert.ok(largest > 0.1, out)
  }
})

test('a weight that differs from the reference is found, named, and a failure', async (t) => {
  const dir = folder(t, 'gru.json', 'lstm.json')
  const path = join(dir, 'lstm.json')
  const golden = JSON.parse(readFileSync(path, 'utf8')) as Golden
  const gate = golden.weights.layers[0]!.forward['W_f'] as number[][]
  gate[0]![0]! += 0.01
  writeFileSync(path, JSON.stringify(golden))
  const { out, code } = await verify('--golden', dir)
  assert.equal(code, 1)
  assert.match(out, /^FAIL {2}lstm\.json +cpu plain/m)
  assert.match(out, /^ok {4}gru\.json +cpu plain/m)
  assert.match(out, /not all within 0\.0001/)
})

test('a folder without reference files is not a success', async (t) => {
  const { out, code } = await verify('--golden', folder(t))
  assert.equal(code, 1)
  assert.match(out, /Nothing was compared/)
})

test('a file of another kind is named', async (t) => {
  const dir = folder(t)
  writeFileSync(join(dir, 'other.json'), '{"cell": "gru"}')
  const { error } = await verify('--golden', dir)
  assert.match(String(error), /other\.json is not a reference file: it lacks weights/)
})
