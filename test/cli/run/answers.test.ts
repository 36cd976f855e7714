import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { DaemonProcess } from '../../support/daemon-process.js'
import { withDataDirectory } from '../../support/house.js'

interface Operation {
  readonly parameters: readonly { readonly name: string; readonly in: string }[]
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: object }>> }>
  >
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}

const HOUR = 3_600_000
const START = Date.UTC(2026, 0, 1)

const linesOf = (values: readonly unknown[]): string =>
  values.map((value, i) => `${JSON.stringify({ series: 'a', ts: START + i * HOUR, value })}\n`).join('')

test('what a daemon answers about numbers and about symbols is what the description of its API says', async (t) => {
  await withDataDirectory(async (dataDir) => {
    const daemon = await DaemonProcess.start(dataDir, {
      engine: { backend: 'cpu' },
      pipelines: {
        numbers: { interval: '1h', season: 'none' },
        symbols: { kind: 'symbols', training: { enabled: false } },
      },
    })
    try {
      const url = await daemon.listening
      await daemon.ingest('numbers', linesOf(Array.from({ length: 60 }, (_, i) => 10 + Math.sin(i))))
      await daemon.ingest('symbols', linesOf(Array.from({ length: 20 }, (_, i) => 'xyz'[i % 3])))
      for (const [pipeline, last] of [
        ['numbers', 59],
        ['symbols', 19],
      ] as const) {
        await daemon.untilForecast(pipeline, new Map([['a', START + last * HOUR]]))
      }
      const { paths } = await daemon.get<Document>('/api/v1/openapi.json')
      const ajv = new Ajv2020({ strict: false, formats: { 'date-time': true } })
      let checked = 0
      for (const [path, { get: operation }] of Object.entries(paths)) {
        if (operation === undefined || path === '/api/v1/events') continue
        for (const pipeline of ['numbers', 'symbols']) {
          const at = path
            .replace('{pipeline}', pipeline)
            .replace('{series}', 'a')
            .replace(/\{\w+\}/g, '1')
          const asks = operation.parameters.some(
            ({ name, in: place }) => name === 'series' && place === 'query',
          )
          const answer = await fetch(`${url}${at}${asks ? '?series=a' : ''}`)
          const schema = operation.responses[answer.status]?.content?.['application/json']?.schema
          const text = await answer.text()
          if (schema === undefined) continue
          const fits = ajv.compile(schema)
          assert.ok(
            fits(JSON.parse(text)),
            `${at}: ${ajv.errorsText(fits.errors ?? null)} in ${text.slice(0, 500)}`,
          )
          checked++
        }
      }
      t.diagnostic(`${String(checked)} answers`)
      assert.ok(checked > 30)
    } finally {
      await daemon.kill()
    }
  })
})
