import { listOf, object, PIPELINE_PARAMS } from './schemas.js'

const ANY = { description: 'as a file would say it' } as const

const CHANGES = listOf(
  object({
    path: { type: 'string' },
    before: ANY,
    after: ANY,
    reload: { type: 'string', description: 'what the change takes' },
    effect: { type: 'string', description: 'the same in words' },
  }),
)

const PLAN = {
  hash: { type: 'string', description: 'of the configuration that is planned' },
  possible: { type: 'boolean', description: 'false: it would be refused' },
  changes: CHANGES,
} as const

const LAST_RELOAD = {
  ...object({
    at: { type: 'string', format: 'date-time' },
    cause: { type: 'string', enum: ['signal', 'file', 'request'] },
    outcome: { type: 'string', enum: ['applied', 'unchanged', 'refused', 'failed', 'invalid'] },
    message: { type: 'string', description: 'the same in words' },
    changes: CHANGES,
  }),
  type: ['object', 'null'],
  description: 'what became of the last reload; null: there was none',
} as const

export const CONFIG = {
  summary: 'the configuration in effect, where its values came from, whether the files say otherwise',
  response: {
    200: object({
      hash: { type: 'string' },
      loadedAt: { type: 'string', format: 'date-time', description: 'since when it runs' },
      files: listOf({ type: 'string' }),
      values: listOf(
        object({
          path: { type: 'string' },
          value: ANY,
          origin: { type: 'string', description: 'file, variable or option, or "default"' },
          masked: { type: 'boolean', description: 'a secret, whose value is not shown' },
        }),
      ),
      drift: { type: 'boolean', description: 'the files say something else than what runs' },
      lastReload: LAST_RELOAD,
    }),
  },
} as const

export const PLANNED = {
  summary: 'what a reload would do, of the files or of the one sent',
  accepts: {
    type: 'application/json5',
    schema: { type: 'string', description: 'in place of the files; as application/yaml, YAML' },
  },
  response: { 200: object(PLAN) },
} as const

export const RELOAD = {
  summary: 'read the configuration files again, and do what they say',
  response: { 200: object({ outcome: { type: 'string', enum: ['applied', 'unchanged'] }, ...PLAN }) },
} as const

const held = (summary: string) =>
  ({
    summary,
    params: PIPELINE_PARAMS,
    response: { 200: object({ pipeline: { type: 'string' }, paused: { type: 'boolean' } }) },
  }) as const

export const PAUSE = held('stop it, with its states kept')
export const RESUME = held('start it again')
