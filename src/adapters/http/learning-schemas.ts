import { listOf, noteBody, nullable, object, PIPELINE_PARAMS } from './schemas.js'

const maybe = (schema: object, description: string) =>
  ({ oneOf: [schema, { type: 'null' }], description }) as const

const number = { type: 'number' } as const

const PROGRESS = object({
  update: { type: 'integer' },
  updates: { type: 'integer' },
  loss: number,
  gradientNorm: number,
  clippedNorm: number,
  clippedShare: { type: 'number', description: 'of the updates so far, 0–1' },
  etaSeconds: number,
})

const GRADIENT = object({
  saturated: nullable('number', 'share of gate activations near their ends, 0–1'),
  dead: nullable('number', 'share of ReLU units that are 0 throughout, 0–1'),
  flow: listOf({ type: 'array', items: number }, '[lag, norm of the gradient that reaches so far back]'),
  reach: nullable('integer', 'lag at which it falls below 0.01; null: not within a chunk'),
})

const DECISION = object(
  {
    at: { type: 'string', format: 'date-time' },
    reason: { type: 'string', description: 'why there was something to decide' },
    outcome: {
      type: 'string',
      enum: ['promoted', 'approved', 'shadow', 'refused', 'failed', 'set-aside', 'rolled-back'],
    },
    version: nullable('integer', 'that was judged'),
    why: nullable('string', 'it was refused, failed or set aside'),
    scores: { type: ['object', 'null'], description: 'on held-out data, of network, baseline and champion' },
    verdict: { type: ['object', 'null'], description: 'of the gate' },
    since: { type: 'integer', description: 'time of the stream since which it was behind, ms' },
    to: nullable('integer', 'version that forecasts again; null: the baseline'),
    newest: { type: 'integer', description: 'newest time stamp of the stream then, ms' },
  },
  ['since', 'to', 'newest'],
)

export const LEARNING = {
  summary: 'trainings, drift, decisions with their figures',
  params: PIPELINE_PARAMS,
  response: {
    200: object({
      state: { type: 'string', enum: ['off', 'waiting', 'running'] },
      reason: nullable('string', 'why the present training runs, or the last one ran'),
      text: { type: 'string', description: 'what it does or waits for' },
      progress: maybe(PROGRESS, 'of the present training'),
      curve: listOf({ type: 'array', items: number }, '[update, loss, gradient norm before clipping]'),
      gradient: maybe(GRADIENT, 'what gradients and activations do, as last measured'),
      drift: object({
        score: { type: 'number', description: '1 is an alarm' },
        alarm: { type: ['object', 'null'] },
      }),
      shadow: { type: ['object', 'null'], description: 'the network that runs beside the one in use' },
      nextDue: maybe(
        { type: 'object', properties: { observations: { type: 'integer' }, at: { type: 'string' } } },
        'what the next training waits for',
      ),
      decisions: listOf(DECISION, 'newest last'),
    }),
  },
} as const

export const TRAIN = {
  summary: 'train a network now',
  params: PIPELINE_PARAMS,
  accepts: noteBody(),
  response: { 202: object({ queued: { const: true }, pipeline: { type: 'string' } }) },
} as const
