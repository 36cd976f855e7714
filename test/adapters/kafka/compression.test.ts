import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import snappy from 'snappy'
import { codecs, installCodecs, TYPES } from '../../../src/adapters/kafka/compression/codecs.js'
import { CompressionCodecs } from '../../../src/adapters/kafka/kafkajs.js'
import { BrokerError } from '../../../src/ports/broker.js'

const NAMES = ['gzip', 'snappy', 'lz4', 'zstd'] as const

/** As kafkajs uses them. */
interface Installed {
  readonly decompress: (packed: Buffer) => Promise<Buffer>
  readonly compress: (encoder: { buffer: Buffer }) => Promise<Buffer>
}

function installed(name: (typeof NAMES)[number]): Installed {
  installCodecs()
  return CompressionCodecs[TYPES[name] as keyof typeof CompressionCodecs]() as Installed
}

const isCorrupt = (error: unknown): boolean => error instanceof BrokerError && error.code === 'corrupt'

describe('compression', () => {
  for (const name of NAMES) {
    test(`${name}: what was packed comes back, from nothing to more than a block`, async () => {
      const { compress, decompress } = installed(name)
      for (const bytes of [0, 1, 1000, 700_000]) {
        const records = Buffer.from(Array.from({ length: bytes }, (_, i) => (i * i) % 251))
        const packed = await compress({ buffer: records })
        assert.deepEqual(await decompress(packed), records, `${bytes} bytes`)
      }
    })

    test(`${name}: what is damaged is refused as corrupt, at every place it may be cut off`, async () => {
      const { compress, decompress } = installed(name)
      const packed = await compress({ buffer: Buffer.from('a record and another one '.repeat(40)) })
      for (let length = 0; length < packed.length; length += 3) {
        await assert.rejects(
          decompress(packed.subarray(0, length)),
          isCorrupt,
          `${length} bytes of ${packed.length}`,
        )
      }
      await assert.rejects(decompress(Buffer.alloc(100, 0xff)), isCorrupt)
    })
  }

  test('a small batch that would fill the memory is refused before it is unpacked', async () => {
    // 2 GiB, said by the first bytes.
    const declared = {
      snappy: Buffer.from([0x80, 0x80, 0x80, 0x80, 0x08, 0x00]),
      zstd: Buffer.concat([
        Buffer.from('28b52ffde0', 'hex'),
        Buffer.from([0, 0, 0, 0x80, 0, 0, 0, 0]),
        Buffer.alloc(9),
      ]),
      // Blocks of at most 4 MiB each, and 80 of them.
      lz4: Buffer.concat([
        Buffer.from('04224d18607073', 'hex'),
        ...Array.from({ length: 80 }, () => Buffer.from('0100000000', 'hex')),
        Buffer.alloc(4),
      ]),
      // Runs of one byte, 128 KiB each, 2100 of them.
      zstdRuns: Buffer.concat([
        Buffer.from('28b52ffd0058', 'hex'),
        ...Array.from({ length: 2100 }, () => Buffer.from('02001000', 'hex')),
      ]),
    }
    for (const [name, packed] of [
      ['snappy', declared.snappy],
      ['zstd', declared.zstd],
      ['zstd', declared.zstdRuns],
      ['lz4', declared.lz4],
    ] as const) {
      await assert.rejects(
        codecs[name].unpack(packed),
        { code: 'corrupt', message: /would take \d+ bytes/ },
        name,
      )
    }
    const zeros = gzipSync(Buffer.alloc(260 * 2 ** 20), { level: 1 })
    await assert.rejects(installed('gzip').decompress(zeros), isCorrupt)
  })

  test("blocks of Snappy in Java's framing are put together", async () => {
    const header = Buffer.concat([
      Buffer.from([0x82]),
      Buffer.from('SNAPPY\0'),
      Buffer.from([0, 0, 0, 1, 0, 0, 0, 1]),
    ])
    const blocks = ['first ', 'second'].map((text) => snappy.compressSync(text))
    const framed = blocks.flatMap((block) => {
      const length = Buffer.alloc(4)
      length.writeUInt32BE(block.length)
      return [length, block]
    })
    assert.equal(String(await codecs.snappy.unpack(Buffer.concat([header, ...framed]))), 'first second')
  })
})
