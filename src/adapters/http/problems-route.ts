import type { FastifyInstance } from 'fastify'
import { SEVERITIES, type ProblemsControl } from '../../ports/control/problems.js'
import { listOf, nullable, object } from './schemas.js'

const PROBLEMS = {
  summary: 'what is wrong and what to do about it, worst first',
  response: {
    200: object({
      problems: listOf(
        object({
          severity: { type: 'string', enum: SEVERITIES },
          pipeline: nullable('string', 'null: the daemon as a whole'),
          what: { type: 'string' },
          todo: { type: 'string', description: 'what to do about it' },
        }),
        'worst first',
      ),
    }),
  },
} as const

/** What is wrong, for a person to act on. */
export function problemsRoute(app: FastifyInstance, control: ProblemsControl): void {
  app.get('/api/v1/problems', { schema: PROBLEMS }, () => ({ problems: control.problems() }))
}
