import type { TestContext } from 'node:test'
import { startHttp } from '../../../src/adapters/http/server.js'
import type { HttpOptions } from '../../../src/adapters/http/server.js'
import type { Control, IngestRecord, PipelineStatus } from '../../../src/ports/control.js'
import { createTelemetry } from '../../../src/telemetry/telemetry.js'

export const TOKEN = '0123456789abcdef0123456789abcdef'

export const STATUS: PipelineStatus = {
  name: 'p',
  topic: 't',
  output: 'p.forecasts',
  form: {
    kind: 'numbers',
    interval: 'PT1H',
    season: { short: 24, long: 168 },
    horizon: 24,
    quantiles: [0.1, 0.5, 0.9],
  },
  model: 'baseline',
  phase: 'running',
  training: 'waiting',
  records: 1,
  recordsPerSecond: 0,
  lag: 0,
  series: 2,
  rejected: 0,
  stale: { count: 0, longest: null },
  accuracy: null,
}

export interface Appended {
  readonly topic: string
  readonly records: readonly IngestRecord[]
}

/** A server on a free port of loopback, closed after the test, over a control that remembers what was appended. */
export async function serve(
  t: TestContext,
  control: Partial<Control> = {},
  options: Partial<HttpOptions> = {},
) {
  const served = await openServer(control, options)
  t.after(() => served.server.close())
  return served
}

/** The same, closed by whoever opens it. */
export async function openServer(control: Partial<Control>, options: Partial<HttpOptions>) {
  const appended: Appended[] = []
  const log: string[] = []
  const telemetry = createTelemetry({
    level: 'debug',
    format: 'json',
    version: 'test',
    destination: { write: (line) => log.push(line) },
  })
  const server = await startHttp({
    host: '127.0.0.1',
    port: 0,
    token: () => TOKEN,
    maxBodyBytes: 4096,
    maxRecordsPerRequest: 50,
    telemetry,
    control: {
      alive: () => true,
      notReady: () => null,
      pipelines: () => [STATUS],
      latestForecast: async () => null,
      sample: async () => null,
      ingest: async (topic, records) => {
        appended.push({ topic, records })
        return { kind: 'appended', unfit: [] }
      },
      ...control,
    },
    ...options,
  })

  const get = async (path: string) => read(await fetch(server.url + path))
  const post = async (
    body: string | Uint8Array<ArrayBuffer>,
    headers: Record<string, string> = {},
    topic = 't',
  ) =>
    read(
      await fetch(`${server.url}/api/v1/topics/${topic}/records`, {
        method: 'POST',
        body,
        headers: { authorization: `Bearer ${TOKEN}`, ...headers },
      }),
    )
  return { server, telemetry, appended, log, get, post }
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly body: {
    readonly error?: { readonly code: string; readonly message: string; readonly [detail: string]: unknown }
    readonly [key: string]: unknown
  }
}

async function read(response: Response): Promise<Answer> {
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.includes('json') === true
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: isJson ? (JSON.parse(text) as Answer['body']) : {},
  }
}
