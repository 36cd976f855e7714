import assert from 'node:assert/strict'
import { test } from 'node:test'
import { registerRedrive } from '../../src/cli/redrive.js'
import { redrive } from '../../src/pipeline/redrive.js'
import { PartitionAtWork } from '../support/partition-at-work.js'
import { pipelineConfig } from '../support/pipeline-config.js'
import { openLog, runCommand, storedRecords, workspace } from './replay/harness.js'

test('what is rejected again comes back as a dead letter that says how often it was sent', async () => {
  const config = pipelineConfig('p', { limits: { maxValue: 10 } })
  const work = await PartitionAtWork.open(config, null)
  try {
    const options = { truncated: false, limit: Infinity, dryRun: false, onProgress: () => undefined }
    await work.append([{ series: 'a', ts: 0, value: 11 }])
    for (const times of ['', '1', '2']) {
      await work.consume()
      const letters = await work.records(config.deadLetter)
      assert.equal(Buffer.from(letters.at(-1)!.headers?.['tidecast-redrive'] ?? []).toString(), times)
      const { signal } = new AbortController()
      const { sent } = await redrive(work.broker, config, { ...options, reasons: ['out-of-range'], signal })
      assert.equal(sent, 1)
    }
    assert.equal((await work.records(config.topic)).length, 4)
  } finally {
    await work.close()
  }
})

test('the command counts, sends, remembers, and says what is wrong', async (t) => {
  const cwd = workspace(t)
  const run = (...argv: string[]) => runCommand(registerRedrive, ['redrive', ...argv], { cwd })
  const log = await openLog(cwd)
  await log.ensureTopics(['t', 't.dead-letters'].map((name) => ({ name, partitions: 1 })))
  await log.append(
    ['bad-value', 'late', 'bad-ts'].map((reason, i) => ({
      topic: 't.dead-letters',
      key: Buffer.from('k'),
      value: Buffer.from(String(i)),
      headers: { 'tidecast-reason': Buffer.from(reason) },
    })),
  )
  const locked = await run('t')
  assert.match(String(locked.error), /in use by process .* Stop that process/)
  await log.close()

  const counted = await run('t', '--dry-run')
  assert.match(counted.out, /^2 letters .*bad-value 1, bad-ts 1\. Nothing was sent\./)
  assert.deepEqual(await storedRecords(cwd), [])
  const outcome = JSON.parse((await run('t', '--limit', '1', '--json')).out) as object
  assert.deepEqual(outcome, {
    ...{ pipeline: 't', topic: 't', deadLetter: 't.dead-letters', dryRun: false },
    ...{ found: { 'bad-value': 1 }, sent: 1, truncated: 0 },
  })
  assert.match((await run('t', '--reason', 'late', 'bad-ts')).out, /^2 of 2 letters .* late 1, bad-ts 1\.\n$/)
  assert.match((await run('t')).out, /^Nothing to send/)
  assert.deepEqual(await storedRecords(cwd), ['k 0', 'k 1', 'k 2'])

  assert.match(
    String((await run('t', '--reason', 'ugly')).error),
    /Allowed choices are too-large, undecodable/,
  )
  assert.match(String((await run('t', '--limit', '0')).error), /whole number from 1/)
  assert.match(String((await run('x')).error), /no pipeline "x"/)
})
