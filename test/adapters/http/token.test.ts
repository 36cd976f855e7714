import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { loadOrCreateToken } from '../../../src/adapters/http/token.js'

function folder(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'tidecast-token-'))
  t.after(() => rmSync(dir, { recursive: true }))
  return join(dir, 'data')
}

test('the first start makes a token of 32 random bytes that only the owner can read, later starts use it', async (t) => {
  const dir = folder(t)
  const first = await loadOrCreateToken(dir)
  assert.match(first.value, /^[0-9a-f]{64}$/)
  assert.equal(first.file, join(dir, 'token'))
  assert.equal(statSync(join(dir, 'token')).mode & 0o777, 0o600)
  assert.equal(readFileSync(join(dir, 'token'), 'utf8').trim(), first.value)
  assert.deepEqual(await loadOrCreateToken(dir), first)
  assert.deepEqual(readdirSync(dir), ['token'])
  assert.notEqual((await loadOrCreateToken(folder(t))).value, first.value)
})

test('starts at the same time agree on one token', async (t) => {
  const dir = folder(t)
  const tokens = await Promise.all(Array.from({ length: 8 }, () => loadOrCreateToken(dir)))
  assert.equal(new Set(tokens.map(({ value }) => value)).size, 1)
  assert.deepEqual(readdirSync(dir), ['token'])
})

test('a configured token is used and not written anywhere', async (t) => {
  const dir = folder(t)
  assert.deepEqual(await loadOrCreateToken(dir, 'configured-elsewhere'), {
    value: 'configured-elsewhere',
    file: null,
  })
  assert.throws(() => readdirSync(dir), /ENOENT/)
})

test('a token file that others can read is closed to them', async (t) => {
  const dir = folder(t)
  const { value } = await loadOrCreateToken(dir)
  chmodSync(join(dir, 'token'), 0o644)
  assert.equal((await loadOrCreateToken(dir)).value, value)
  assert.equal(statSync(join(dir, 'token')).mode & 0o777, 0o600)
})

test('a token file without a usable token is an error that says what to do, never an open door', async (t) => {
  const dir = folder(t)
  await loadOrCreateToken(dir)
  for (const content of ['', '\n', 'short', 'with spaces in the middle of it']) {
    writeFileSync(join(dir, 'token'), content)
    await assert.rejects(loadOrCreateToken(dir), /token holds no usable token: delete it/)
  }
})
