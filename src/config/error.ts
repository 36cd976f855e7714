import type { ConfigProblem } from '../ports/control/config.js'

export type { ConfigProblem }

/** Lists every problem at once, so that a configuration is put right in one go. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  constructor(readonly problems: readonly ConfigProblem[]) {
    const title =
      problems.length === 1
        ? 'The configuration has a problem:'
        : `The configuration has ${problems.length} problems:`
    super([title, ...problems.map((problem) => `  ${describeProblem(problem)}`)].join('\n'))
  }
}

export function describeProblem(problem: ConfigProblem): string {
  const where = problem.path === '' ? '' : `${problem.path}: `
  const got = problem.value === undefined ? '' : `, got ${printValue(problem.value)}`
  const hint = problem.nearest === undefined ? '' : `; did you mean "${problem.nearest}"?`
  const source = problem.source === undefined ? '' : ` [${problem.source}]`
  return `${where}expected ${problem.expected}${got}${hint}${source}`
}

function printValue(value: unknown): string {
  const text = JSON.stringify(value)
  return text.length > 80 ? `${text.slice(0, 77)}...` : text
}
