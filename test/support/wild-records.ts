import fc from './properties.js'

/** A record as anything may stand in a topic. */
export interface WildRecord {
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly timestamp: number
  readonly headers: Readonly<Record<string, Uint8Array>>
}

/** Time of arrival of the first; one arrives each second. */
const NOW = Date.UTC(2024, 0, 1)
const MINUTE = 60_000
const LAST_DATE = 8.64e15

const text = (written: string): Uint8Array => Buffer.from(written)

/** JSON as it may be written, of numbers above all. */
const numbers = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.double({ min: -1e30, max: 1e30, noNaN: true }).map(String),
  fc.constantFrom(
    ...[
      '0',
      '-0',
      '5e-324',
      '1e-310',
      '-2e-45',
      '1e-38',
      '1e15',
      '-1e15',
      '1.0000001e15',
      '1e308',
      '1e999',
      '-1e999',
    ],
    ...[
      'NaN',
      '-Infinity',
      'Infinity',
      '"NaN"',
      '"Infinity"',
      '"1"',
      '01',
      '0x10',
      '1_000',
      '+1',
      '.5',
      '1.',
    ],
  ),
)
const others = fc.constantFrom(
  'null',
  'true',
  '""',
  '{}',
  '[]',
  '[1]',
  '{"value":1}',
  '"\\ud800"',
  'undefined',
  '',
)
const stamps = fc.oneof(
  fc.integer({ min: -LAST_DATE, max: LAST_DATE }).map(String),
  fc.constantFrom(...[LAST_DATE, -LAST_DATE, LAST_DATE + 1, -LAST_DATE - 1, 0, 0.5].map(String)),
  fc.constantFrom(
    ...[
      '"2024-01-01T00:00:00Z"',
      '"2024-02-30T00:00:00Z"',
      '"+275760-09-13T00:00:00Z"',
      '"-271821-04-20T00:00:00Z"',
    ],
    ...['"0000-00-00"', '"2024-01-01"', '"yesterday"', '"20240101"', '"9999-12-31T23:59:59.999999999+14:00"'],
  ),
  numbers,
)

const series = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f')
const keys = fc.oneof(
  { weight: 20, arbitrary: series.map(text) },
  { weight: 2, arbitrary: fc.constantFrom(null, text('')) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 20 }) },
  { weight: 1, arbitrary: fc.constantFrom(1000, 1024, 1025, 70_000).map((n) => text('k'.repeat(n))) },
)

const written = fc
  .record({
    ts: fc.oneof(stamps, others),
    value: fc.oneof(numbers, others),
    more: fc.constantFrom('', ',"x":1'),
  })
  .map(({ ts, value, more }) => `{"ts":${ts},"value":${value}${more}}`)
const deep = fc
  .record({
    open: fc.constantFrom('[', '{"a":', '{"ts":', '{"__proto__":'),
    depth: fc.integer({ min: 1, max: 9000 }),
  })
  .map(({ open, depth }) => open.repeat(depth))

/** On the way through its series, one step after the other: only these come to the states. */
const steps = fc.record({
  back: fc.oneof(
    { weight: 9, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: -60, max: 40 }) },
  ),
  value: fc.oneof(
    { weight: 3, arbitrary: fc.double({ min: -100, max: 100, noNaN: true }).map(String) },
    { weight: 1, arbitrary: fc.constant('null') },
    { weight: 2, arbitrary: numbers },
  ),
})

const wild = fc.oneof(
  { weight: 12, arbitrary: steps },
  { weight: 4, arbitrary: written.map(text) },
  { weight: 1, arbitrary: deep.map(text) },
  { weight: 1, arbitrary: fc.json().map(text) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 60 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(null, text(''), text(' '.repeat(65_537)), text('\ufeff{"ts":1,"value":1}')),
  },
)

/** Sequences of records, mostly bad ones; the good ones go on from minute to minute. */
export function wildRecords(length: number): fc.Arbitrary<WildRecord[]> {
  const headers = fc.constantFrom({}, { 'tidecast-reason': text('mine'), other: text('kept') })
  return fc
    .array(fc.record({ key: keys, content: wild, headers }), { minLength: length, maxLength: length })
    .map((records) =>
      records.map(({ key, content, headers: carried }, i) => {
        const timestamp = NOW + i * 1000
        const value =
          content === null || content instanceof Uint8Array
            ? content
            : text(`{"ts":${NOW + (Math.floor(i / 6) - content.back) * MINUTE},"value":${content.value}}`)
        return { key, value, timestamp, headers: carried }
      }),
    )
}
