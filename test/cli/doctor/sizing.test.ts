import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { readLimits } from '../../../src/cli/doctor/limits.js'
import { printSizing, sizingOf } from '../../../src/cli/doctor/sizing.js'
import { loadConfig } from '../../../src/config/load.js'
import { StateLayout } from '../../../src/core/layout.js'
import { stateSize } from '../../../src/core/network-spec.js'

const LIMITS = { cpus: 2, memoryBytes: 2e9, heapBytes: 1e9, limited: true }

function configured(pipelines: object, more: object = {}) {
  return loadConfig({ files: [], text: JSON.stringify({ ...more, pipelines }), env: {} })
}

test('needs grow with series and records as they were measured, and resident states stop at their limit', () => {
  const config = configured({
    a: { interval: '1m', season: [60, 420], state: { maxResidentSeries: 50_000 } },
  })
  const [pipeline] = config.pipelines
  const bytes = new StateLayout(pipeline!).bytesPerSeries(stateSize(pipeline!.model))
  const small = sizingOf(config, { series: 10_000, rate: null }, LIMITS)
  assert.equal(small.pipelines[0]!.bytesPerSeries, bytes)
  assert.equal(small.pipelines[0]!.recordsPerSecond, 10_000 / 60)
  assert.equal(small.pipelines[0]!.memoryBytes, 10_000 * bytes * 4)
  const large = sizingOf(config, { series: 200_000, rate: 20_000 }, LIMITS)
  assert.equal(large.pipelines[0]!.residentSeries, 50_000)
  assert.equal(large.pipelines[0]!.diskBytes, 20 * small.pipelines[0]!.diskBytes)
  assert.ok(large.cores! > 2)
  assert.match(printSizing(large), /control group has 2\.0 cores and 2\.0 GB: too little/)
  assert.doesNotMatch(printSizing(sizingOf(config, { series: 10, rate: 1 }, LIMITS)), /too little/)
})

test('without a grid the rate is asked for; Kafka costs more than the embedded log', () => {
  const pipelines = { a: { interval: 'observations', season: 'none' } }
  const embedded = sizingOf(configured(pipelines), { series: 10, rate: null }, LIMITS)
  assert.equal(embedded.cores, null)
  assert.match(printSizing(embedded), /give --rate/)
  const kafka = sizingOf(
    configured(pipelines, { broker: { kind: 'kafka' } }),
    { series: 10, rate: 5 },
    LIMITS,
  )
  assert.ok(kafka.recordsPerSecondPerCore < embedded.recordsPerSecondPerCore)
})

test("the limits are those of the process's control group and of all that it lies in", (t) => {
  const root = mkdtempSync(join(tmpdir(), 'tidecast-limits-'))
  t.after(() => rmSync(root, { recursive: true }))
  const group = join(root, 'sys/fs/cgroup/system.slice/tidecast.service')
  mkdirSync(group, { recursive: true })
  mkdirSync(join(root, 'proc/self'), { recursive: true })
  writeFileSync(join(root, 'proc/self/cgroup'), '1:name=systemd:/x\n0::/system.slice/tidecast.service\n')
  const own = { cpus: availableParallelism(), memoryBytes: totalmem(), limited: false }
  const { heapBytes: _, ...unlimited } = readLimits(root)
  assert.deepEqual(unlimited, own)
  writeFileSync(join(group, 'memory.max'), 'max\n')
  writeFileSync(join(group, 'cpu.max'), 'max 100000\n')
  assert.equal(readLimits(root).limited, false)
  writeFileSync(join(group, 'cpu.max'), '50000 100000\n')
  writeFileSync(join(group, 'memory.max'), '1000000000\n')
  writeFileSync(join(group, '../memory.max'), '700000000\n')
  const { cpus, memoryBytes, limited } = readLimits(root)
  assert.deepEqual({ cpus, memoryBytes, limited }, { cpus: 0.5, memoryBytes: 7e8, limited: true })
})
