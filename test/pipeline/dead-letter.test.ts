import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addressed, MAX_RECORD_BYTES } from '../../src/adapters/kafka/sends.js'
import { deadLetter } from '../../src/pipeline/dead-letter.js'
import type { LogRecord } from '../../src/ports/broker.js'

const REASON = { 'tidecast-reason': Buffer.from('bad-value'), 'tidecast-offset': Buffer.from('7') }
const SIZES = [0, 3, 100_000, 990_000, 999_999]

test('whatever Kafka can have taken becomes a letter that Kafka takes, cut only where it must be', () => {
  for (const key of SIZES) {
    for (const value of SIZES) {
      for (const header of SIZES) {
        if (key + value + header > 1_048_588) continue
        const record: LogRecord = {
          offset: 7,
          timestamp: 1,
          key: Buffer.alloc(key, 'k'),
          value: Buffer.alloc(value, 'v'),
          headers: { trace: Buffer.alloc(header, 'h') },
        }
        const letter = deadLetter('letters', record, REASON, MAX_RECORD_BYTES)
        const { headers } = letter
        // Throws where it is too large.
        addressed('letters', 0, {
          key: letter.key as Buffer,
          value: letter.value as Buffer,
          headers: headers as Record<string, Buffer>,
        })
        assert.equal(String(headers!['tidecast-reason']), 'bad-value')
        const isWhole = key + value + header < 999_000
        assert.equal(headers!['tidecast-truncated']?.toString(), isWhole ? undefined : String(value))
        assert.equal(letter.value!.length, isWhole ? value : Math.min(value, 1024))
        const others = key + header + Math.min(value, 1024) < 999_000
        assert.equal(letter.key!.length, others ? key : Math.min(key, 1024))
        assert.equal(headers!.trace?.length, others ? header : undefined)
      }
    }
  }
})
