import { setImmediate } from 'node:timers/promises'
import type { IngestRecord } from '../../ports/control.js'
import { HttpError } from './errors.js'
import { toRecord } from './record-line.js'

export interface ParsedRecords {
  readonly records: readonly IngestRecord[]
  /** Of each record. */
  readonly lines: readonly number[]
  /** Lines, from 1, that are JSON but not records. */
  readonly rejected: readonly { readonly line: number; readonly reason: string }[]
}

/** Forecasting goes on between so many lines: a large body must not hold the event loop for its whole length. */
const LINES_PER_TURN = 1000

/**
 * Reads newline-delimited JSON. A line that is not JSON fails the body as a whole, since then the sender's framing is
 * wrong or the body was cut off; a line that is JSON but not a record is rejected alone.
 */
export async function parseRecords(body: Uint8Array, maxRecords: number): Promise<ParsedRecords> {
  const records: IngestRecord[] = []
  const recordLines: number[] = []
  const rejected: { line: number; reason: string }[] = []
  let number = 0
  for (const line of lines(decode(body))) {
    number++
    if (number % LINES_PER_TURN === 0) await setImmediate()
    if (line.trim() === '') continue
    if (records.length + rejected.length >= maxRecords) {
      throw new HttpError(413, 'too-many-records', `More than ${maxRecords} records: send fewer at once.`, {
        maxRecords,
      })
    }
    const outcome = toRecord(parseLine(line, number))
    if (outcome.kind === 'record') {
      records.push(outcome.record)
      recordLines.push(number)
    } else rejected.push({ line: number, reason: outcome.reason })
  }
  if (records.length + rejected.length === 0) {
    throw new HttpError(400, 'no-records', 'The body has no records: send one JSON object per line.')
  }
  return { records, lines: recordLines, rejected }
}

function decode(body: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch {
    throw new HttpError(400, 'bad-request', 'The body is not UTF-8; nothing was appended.')
  }
}

function* lines(text: string): Generator<string> {
  for (let start = 0; start < text.length;) {
    const end = text.indexOf('\n', start)
    yield text.slice(start, end < 0 ? text.length : end)
    start = end < 0 ? text.length : end + 1
  }
}

function parseLine(line: string, number: number): unknown {
  try {
    return JSON.parse(line)
  } catch (error) {
    const reason = error instanceof SyntaxError ? error.message : 'nested too deeply'
    const message = `Line ${number} is not JSON (${reason}); nothing was appended. Send one whole object per line.`
    throw new HttpError(400, 'bad-json', message, { line: number })
  }
}
