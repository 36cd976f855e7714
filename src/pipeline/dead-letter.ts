import type { LogRecord, OutboundRecord, RecordHeaders } from '../ports/broker.js'

/** Upper bounds of what the brokers take for a record, and for each of its headers, besides their contents. */
const RECORD_OVERHEAD = 64
const HEADER_OVERHEAD = 16
const CUT_BYTES = 1024
/** Of a letter that was cut: the bytes its value had. */
export const TRUNCATED_HEADER = 'tidecast-truncated'

/**
 * A record for the dead-letter topic. One that the broker would not take would hold up its partition for ever: its value is
 * cut to 1,024 bytes, with the length it had in `tidecast-truncated`; where that does not do, its key is cut as well, and its
 * own headers are left out. The whole stays where `tidecast-offset` says.
 * @param headers what is said about the record
 * @param most bytes of the largest record that the broker takes
 */
export function deadLetter(
  topic: string,
  record: LogRecord,
  headers: RecordHeaders,
  most: number,
): OutboundRecord {
  const { key, value, timestamp } = record
  const whole = { topic, timestamp, key, value, headers: { ...record.headers, ...headers } }
  if (fits(whole, most)) return whole
  const truncated = { [TRUNCATED_HEADER]: Buffer.from(String(value?.length ?? 0)) }
  const cut = { ...whole, value: cutOff(value), headers: { ...whole.headers, ...truncated } }
  return fits(cut, most) ? cut : { ...cut, key: cutOff(key), headers: { ...headers, ...truncated } }
}

function cutOff(bytes: Uint8Array | null): Uint8Array | null {
  return bytes && bytes.subarray(0, CUT_BYTES)
}

function fits({ key, value, headers }: OutboundRecord, most: number): boolean {
  let bytes = RECORD_OVERHEAD + (key?.length ?? 0) + (value?.length ?? 0)
  for (const name in headers) bytes += HEADER_OVERHEAD + Buffer.byteLength(name) + headers[name]!.length
  return bytes <= most
}
