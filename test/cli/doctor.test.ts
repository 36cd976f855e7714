import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { once } from 'node:events'
import { doctor, printReport } from '../../src/cli/doctor.js'
import { backendChecks, nodeCheck } from '../../src/cli/doctor/backend-checks.js'
import { cudaCheck, deviceLine } from '../../src/cli/doctor/cuda-check.js'
import { dataDirectory } from '../../src/cli/doctor/data-directory.js'
import { httpCheck } from '../../src/cli/doctor/http-port.js'
import { nativeCacheCheck } from '../../src/cli/doctor/native-cache.js'
import type { BackendInfo } from '../../src/ports/engine.js'
import { loadConfig } from '../../src/config/load.js'

async function temporaryFolder(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'doctor-'))
  context.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

async function listening(context: TestContext, where: string | number): Promise<AddressInfo | string | null> {
  const server = createServer((connection) => connection.destroy())
  context.after(() => server.close())
  server.listen(where)
  await once(server, 'listening')
  return server.address()
}

test('Node versions before 20.19 are refused', () => {
  for (const version of ['v18.20.8', 'v20.18.3', 'unknown']) assert.equal(nodeCheck(version).status, 'fail')
  for (const version of ['v20.19.0', 'v22.0.0', 'v24.21.0']) assert.equal(nodeCheck(version).status, 'ok')
})

test('a portable backend is a warning where it was not asked for', () => {
  const info: BackendInfo = {
    name: 'wasm',
    version: '4.22.0',
    devices: ['CPU:0'],
    signalsBlocked: true,
    fallbacks: ['tfjs-node: no binding'],
  }
  const [fallenBack] = backendChecks({ kind: 'loaded', info, node: 'v24.0.0' }, 'auto')
  assert.equal(fallenBack?.status, 'warn')
  assert.match(fallenBack.detail, /no binding/)
  const [wanted] = backendChecks(
    { kind: 'loaded', info: { ...info, fallbacks: [] }, node: 'v24.0.0' },
    'wasm',
  )
  assert.equal(wanted?.status, 'ok')
  const [failed] = backendChecks({ kind: 'failed', reason: 'no library', node: 'v24.0.0' }, 'tensorflow')
  assert.equal(failed?.status, 'fail')
  assert.match(failed.hint ?? '', /engine\.backend/)
})

test('having no GPU is a fault only where a setting insists on one, which is named', () => {
  const missing = { kind: 'unusable', reason: 'none' } as const
  const config = (training: string) =>
    loadConfig({ files: [], text: `{ pipelines: { load: { training: ${training} } } }`, env: {} })
  assert.equal(cudaCheck(missing, [], config('{}')).status, 'ok')
  assert.equal(cudaCheck(missing, [], config('{ device: "gpu", enabled: false }')).status, 'ok')
  const check = cudaCheck(missing, [], config('{ device: "gpu" }'))
  assert.equal(check.status, 'fail')
  assert.match(check.hint ?? '', /pipelines\.load\.training\.device/)
  const listed = [deviceLine('0, NVIDIA H100 80GB HBM3, 81559 MiB, 570.86')]
  const usable = cudaCheck({ kind: 'usable', devices: ['GPU:0'] }, listed, config('{ device: "gpu" }'))
  assert.equal(usable.status, 'ok')
  assert.match(usable.detail, /0: NVIDIA H100 80GB HBM3, 81559 MiB, driver 570\.86/)
})

test('signals that are not blocked are a warning', () => {
  const info: BackendInfo = {
    name: 'tensorflow',
    version: '2.9.1',
    devices: ['CPU:0'],
    signalsBlocked: false,
    fallbacks: [],
  }
  const mask = backendChecks({ kind: 'loaded', info, node: 'v24.0.0' }, 'auto').at(-1)
  assert.equal(mask?.status, 'warn')
})

test('a changed library in the cache is noticed', async (context) => {
  const folder = await temporaryFolder(context)
  const sha256 = createHash('sha256').update('library').digest('hex')
  await writeFile(join(folder, 'lib.so'), 'library')
  await writeFile(join(folder, 'manifest.json'), JSON.stringify({ files: { 'lib.so': { size: 7, sha256 } } }))
  const record = join(folder, 'record.json')
  await writeFile(record, JSON.stringify({ kind: 'compiled', cache: folder, reasons: [] }))
  assert.equal((await nativeCacheCheck(record)).status, 'ok')
  await writeFile(join(folder, 'lib.so'), 'changed')
  const changed = await nativeCacheCheck(record)
  assert.equal(changed.status, 'warn')
  assert.match(changed.detail, /lib\.so/)
})

test('a data directory that does not exist yet is no failure, and is not created', async (context) => {
  const folder = await temporaryFolder(context)
  const { check, held } = await dataDirectory(join(folder, 'a', 'b'))
  assert.notEqual(check.status, 'fail')
  assert.match(check.detail, /will be created/)
  assert.equal(held, false)
})

test('a data directory that cannot be a folder is a failure', async (context) => {
  const file = join(await temporaryFolder(context), 'file')
  await writeFile(file, '')
  const { check } = await dataDirectory(join(file, 'data'))
  assert.equal(check.status, 'fail')
})

test('the lock of a running daemon is seen, that of a dead one is not', async (context) => {
  const folder = await temporaryFolder(context)
  await writeFile(join(folder, 'writer-00ff.sock'), '')
  assert.equal((await dataDirectory(folder)).held, false)
  await listening(context, join(folder, 'writer-ff00.sock'))
  assert.equal((await dataDirectory(folder)).held, true)
})

test("a port in use is a failure, unless it is the running daemon's own", async (context) => {
  const { port } = (await listening(context, 0)) as AddressInfo
  const { http } = loadConfig({ files: [], env: {} })
  assert.equal((await httpCheck({ ...http, host: '::', port }, false)).status, 'fail')
  assert.equal((await httpCheck({ ...http, host: '::', port }, true)).status, 'ok')
})

test('with a bad configuration nothing can run, and every finding says what to do', async (context) => {
  const report = await doctor({
    configSource: 'a test',
    loadConfig: () => loadConfig({ files: [], text: '{ htp: {} }', env: {} }),
    cwd: await temporaryFolder(context),
    pid: process.pid,
    env: process.env,
    signal: context.signal,
  })
  assert.equal(report.ok, false)
  assert.match(report.checks.find(({ name }) => name === 'configuration')?.detail ?? '', /htp/)
  for (const check of report.checks) assert.ok(check.status === 'ok' || check.hint !== undefined, check.name)
  assert.match(printReport(report), /cannot run/)
})

test('with the built-in defaults it can run, and the data directory is left alone', async (context) => {
  const report = await doctor({
    configSource: 'a test',
    loadConfig: () => loadConfig({ files: [], env: {}, overrides: { 'http.port': '0' } }),
    cwd: await temporaryFolder(context),
    pid: process.pid,
    env: process.env,
    signal: context.signal,
  })
  assert.deepEqual(
    report.checks.filter(({ status }) => status === 'fail'),
    [],
  )
  assert.equal(report.ok, true)
})
