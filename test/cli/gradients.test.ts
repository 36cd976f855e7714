import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { registerGradients } from '../../src/cli/gradients.js'
import type { Profile } from '../../src/cli/gradients/profiles.js'
import { runCommand } from './replay/harness.js'

const gradients = (cwd: string, ...argv: string[]) =>
  runCommand(registerGradients, ['gradients', ...argv], { cwd })

test('the vanilla cell vanishes or explodes with its spectral radius; gates that keep hold the gradient', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'tidecast-gradients-'))
  t.after(() => rmSync(dir, { recursive: true }))
  const { out, code } = await gradients(dir, '--json', '--svg', 'profiles.svg')
  assert.equal(code, 0)
  const { profiles } = JSON.parse(out) as { profiles: Profile[] }
  const at = (name: string, lag: number): number => profiles.find((one) => one.name === name)!.norms[lag]!
  for (const { norms } of profiles) {
    assert.equal(norms.length, 101)
    assert.ok(Math.abs(norms[0]! - 1) < 1e-6)
  }
  assert.ok(at('rnn tanh, radius 0.8', 100) < 1e-8, 'vanishes')
  assert.ok(at('rnn tanh, radius 1.5', 100) > 30, 'explodes')
  assert.ok(at('lstm, gates keep', 100) > 0.02 && at('lstm, gates keep', 100) < 2)
  assert.ok(at('gru, gates keep', 100) > 0.2 && at('gru, gates keep', 100) < 2)
  const svg = readFileSync(join(dir, 'profiles.svg'), 'utf8')
  assert.equal(svg.match(/<polyline/g)?.length, profiles.length)
  assert.doesNotMatch(svg, /NaN|Infinity/)
})

test('gradients of one cell at chosen lags are a table', async () => {
  const { out } = await gradients('/', '--cell', 'gru', '--lags', '10')
  assert.match(out, /^LAG +1 +2 +5 +10\ngru( +\d\.\de[+-]\d+){4}\ngru, gates keep( +\d\.\de[+-]\d+){4}\n$/)
})
