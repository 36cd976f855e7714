import type { FastifyInstance } from 'fastify'
import type { ServerResponse } from 'node:http'
import type { ConfigControl, ConfigState } from '../../ports/control/config.js'
import type { LearningControl } from '../../ports/control/learning.js'
import type { SeriesControl } from '../../ports/control/series.js'
import type { Control } from '../../ports/control.js'
import { HttpError } from './errors.js'
import { SERIES_NAME } from './schemas.js'

export interface EventSources {
  readonly control: Control
  /** Absent: nothing is said of reloads. */
  readonly configuration?: ConfigControl
  /** Absent: nothing is said of trainings. */
  readonly learning?: LearningControl
  readonly views: { readonly series: SeriesControl }
}

/** What a series is looked at for, until its client goes. */
interface Subject {
  readonly pipeline: string
  readonly series: string
  /** Newest that the client knows, ms. */
  ts: number
  /** Ticks for which it is looked what others say: the network in the shadow is a little later. */
  comparing: number
  /** What was last told of that. */
  beside: string
}

interface Client {
  readonly response: ServerResponse
  readonly subject: Subject | null
}

const MOST_CLIENTS = 100
/** Bytes that may wait for a client before it is let go: what it gets next would be of the past. */
const MOST_WAITING = 1 << 20
/** News of a series come together. */
const TICK_MS = 250
const TICKS_PER_STATUS = 4
const TICKS_OF_COMPARISON = 4
/** What a browser waits for before it connects again. */
const RETRY_MS = 2000

const EVENTS = {
  summary: 'server-sent events: status, training, reload, and of a series observation, forecast and beside',
  produces: 'text/event-stream',
  querystring: {
    type: 'object',
    additionalProperties: false,
    properties: { pipeline: { type: 'string' }, series: SERIES_NAME },
    dependencies: { pipeline: ['series'], series: ['pipeline'] },
  },
  response: { 200: { type: 'string', description: 'events, for as long as the client stays' } },
} as const

/**
 * Server-sent events: `status` once a second, `training` when there are news of one, `reload` when another configuration
 * runs or the files change, and of a chosen series `observation`, `forecast` and `beside`. One timer serves all clients, and rests while there are none.
 */
export function eventRoute(app: FastifyInstance, sources: EventSources): void {
  const stream = new EventStream(sources)
  app.addHook('preClose', async () => stream.close())
  app.get<{ Querystring: { readonly pipeline?: string; readonly series?: string } }>(
    '/api/v1/events',
    { schema: EVENTS },
    (request, reply) => {
      const { pipeline, series } = request.query
      const subject =
        pipeline === undefined || series === undefined
          ? null
          : { pipeline, series, ts: -Infinity, comparing: 0, beside: '' }
      stream.admit(subject)
      reply.hijack()
      const headers = reply.getHeaders() as Record<string, string>
      reply.raw.writeHead(200, {
        ...headers,
        'content-type': 'text/event-stream; charset=utf-8',
        'x-accel-buffering': 'no',
      })
      stream.add(reply.raw, subject)
    },
  )
}

class EventStream {
  private readonly clients = new Set<Client>()
  private timer: NodeJS.Timeout | undefined
  private ticks = 0
  /** By pipeline, what was last said of its training. */
  private readonly trainings = new Map<string, string>()
  /** What was last said of the configuration. */
  private reload: ConfigState | undefined

  constructor(private readonly sources: EventSources) {}

  /** Throws where there are too many clients, or nothing of the kind to look at. */
  admit(subject: Subject | null): void {
    if (this.clients.size >= MOST_CLIENTS) {
      const message = `${MOST_CLIENTS} clients are connected, and no more are served: try again later.`
      throw new HttpError(429, 'busy', message, { retryAfterSeconds: 10 }, { 'retry-after': '10' })
    }
    if (subject !== null && this.newsOf(subject) === undefined) {
      const { pipeline } = subject
      throw new HttpError(404, 'unknown-pipeline', `There is no pipeline "${pipeline}".`, { pipeline })
    }
  }

  add(response: ServerResponse, subject: Subject | null): void {
    const client = { response, subject }
    this.clients.add(client)
    response.on('close', () => this.remove(client))
    response.on('error', () => this.remove(client))
    response.write(`retry: ${RETRY_MS}\n\n`)
    this.send(client, this.status())
    const { configuration } = this.sources
    if (configuration !== undefined) {
      // The others are told with the next status.
      this.reload ??= configuration.state()
      this.send(client, frame('reload', configuration.state()))
    }
    for (const training of this.trainings.values()) this.send(client, training)
    this.timer ??= setInterval(() => this.tick(), TICK_MS).unref()
  }

  close(): void {
    for (const { response } of this.clients) response.end()
  }

  private remove(client: Client): void {
    this.clients.delete(client)
    if (this.clients.size > 0) return
    clearInterval(this.timer)
    this.timer = undefined
    this.trainings.clear()
    this.reload = undefined
  }

  private tick(): void {
    const shared: string[] = []
    if (this.ticks++ % TICKS_PER_STATUS === 0) shared.push(this.status(), ...this.reloads(), ...this.news())
    const all = shared.join('')
    for (const client of this.clients) {
      const own = client.subject === null ? '' : this.told(client.subject)
      if (all !== '' || own !== '') this.send(client, all + own)
    }
  }

  private status(): string {
    const { control } = this.sources
    return frame('status', {
      at: Date.now(),
      notReady: control.notReady(),
      pipelines: control.pipelines(),
    })
  }

  private reloads(): string[] {
    const state = this.sources.configuration?.state()
    if (state === undefined || state === this.reload) return []
    this.reload = state
    return [frame('reload', state)]
  }

  /** Trainings of which there is something new. */
  private news(): string[] {
    const { control, learning } = this.sources
    return control.pipelines().flatMap(({ name }) => {
      const status = learning?.learning(name)
      if (status === undefined) return []
      const { state, reason, text, progress } = status
      const training = frame('training', { pipeline: name, state, reason, text, progress })
      if (this.trainings.get(name) === training) return []
      this.trainings.set(name, training)
      return [training]
    })
  }

  /** What has come of a client's series since it was last told. */
  private told(subject: Subject): string {
    const { pipeline, series } = subject
    const news = this.newsOf(subject)
    if (news === undefined) return ''
    const { observations, forecast } = news
    const newest = observations.at(-1)
    if (newest === undefined) return this.compared(subject)
    subject.ts = newest[0]
    subject.comparing = TICKS_OF_COMPARISON
    const observed = frame('observation', { pipeline, series, observations })
    // It is JSON already.
    const told = forecast === null ? '' : `event: forecast\ndata: ${forecast}\n\n`
    return observed + told + this.compared(subject)
  }

  /** What others say of it, where that is something new. */
  private compared(subject: Subject): string {
    if (subject.comparing === 0) return ''
    subject.comparing--
    const { pipeline, series } = subject
    const beside = frame('beside', {
      pipeline,
      series,
      ...this.sources.views.series.beside(pipeline, series),
    })
    if (beside === subject.beside) return ''
    subject.beside = beside
    return beside
  }

  private newsOf({ pipeline, series, ts }: Subject): ReturnType<SeriesControl['since']> {
    return this.sources.views.series.since(pipeline, series, ts)
  }

  private send(client: Client, text: string): void {
    const { response } = client
    if (response.writableLength > MOST_WAITING) response.destroy()
    else response.write(text)
  }
}

/** JSON has no line breaks outside of its texts, and those are escaped. */
function frame(event: string, data: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`
}
