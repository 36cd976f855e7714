import type { FastifyInstance } from 'fastify'
import type { Control, IngestOutcome } from '../../ports/control.js'
import { HttpError } from './errors.js'
import { parseRecords } from './ndjson.js'
import { RECORDS } from './status-schemas.js'

export interface IngestOptions {
  readonly control: Control
  readonly maxRecordsPerRequest: number
}

/** Appends records to a topic: all that are well-formed at once, or none. */
export function ingestRoute(app: FastifyInstance, { control, maxRecordsPerRequest }: IngestOptions): void {
  // curl says "form" by default and others say what they like: one object per line is all that matters.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_, body, done) => done(null, body))

  app.post<{ Params: { topic: string }; Body: Buffer | undefined }>(
    '/api/v1/topics/:topic/records',
    {
      schema: RECORDS,
      onRequest: async (request) => {
        const encoding = request.headers['content-encoding'] ?? 'identity'
        if (encoding !== 'identity') {
          throw new HttpError(415, 'unsupported-encoding', `Send the body as it is, not as ${encoding}.`)
        }
      },
    },
    async ({ params: { topic }, body }, reply) => {
      const { records, lines, rejected } = await parseRecords(body ?? Buffer.alloc(0), maxRecordsPerRequest)
      const unfit = records.length > 0 ? await append(control, topic, records) : []
      const accepted = records.length - unfit.length
      const all = [...rejected, ...unfit.map(({ index, reason }) => ({ line: lines[index]!, reason }))]
      all.sort((a, b) => a.line - b.line)
      return reply.code(accepted > 0 ? 200 : 422).send({ accepted, rejected: all })
    },
  )
}

async function append(
  control: Control,
  topic: string,
  records: Parameters<Control['ingest']>[1],
): Promise<Extract<IngestOutcome, { kind: 'appended' }>['unfit']> {
  const outcome = await control.ingest(topic, records)
  switch (outcome.kind) {
    case 'appended':
      return outcome.unfit
    case 'no-schema':
      throw new HttpError(503, 'no-schema', `${outcome.reason}. Nothing was appended.`)
    case 'unknown-topic': {
      const topics = control.pipelines().map((pipeline) => pipeline.topic)
      throw new HttpError(404, 'unknown-topic', `There is no topic "${topic}".`, { topics })
    }
    case 'busy': {
      const seconds = Math.max(1, Math.ceil(outcome.retryAfterSeconds))
      const message = `Too many records wait to be forecast: try again in ${seconds} s. Nothing was appended.`
      throw new HttpError(
        429,
        'busy',
        message,
        { retryAfterSeconds: seconds },
        { 'retry-after': String(seconds) },
      )
    }
  }
}
