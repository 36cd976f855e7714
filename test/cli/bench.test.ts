import assert from 'node:assert/strict'
import process from 'node:process'
import { test } from 'node:test'
import { registerBench } from '../../src/cli/bench.js'
import { runCommand } from './replay/harness.js'

const bench = (...argv: string[]) =>
  // No machine that runs this is to take a device: the comparison must then say so, and go on.
  runCommand(registerBench, ['bench', 'train', '--updates', '3', '--hidden', '8', ...argv], {
    cwd: '/',
    env: { ...process.env, CUDA_VISIBLE_DEVICES: '-1' },
  })

test('bench train measures the devices there are, and says why the others are not', async () => {
  const { out, code } = await bench('--device', 'gpu,cpu')
  assert.equal(code, 0)
  assert.match(out, /^gpu {2}not measured: .*CUDA.*\ncpu {2}\d+\.\d ms per update on .*CPU:0\)\n$/)
})

test('bench train without any of the devices asked for fails', async () => {
  const { out, code } = await bench('--device', 'gpu', '--json')
  assert.equal(code, 1)
  const { results } = JSON.parse(out) as { results: { kind: string }[] }
  assert.deepEqual(
    results.map(({ kind }) => kind),
    ['absent'],
  )
  assert.match(String((await bench('--device', 'tpu')).error), /Expected gpu, cpu or gpu,cpu/)
})
