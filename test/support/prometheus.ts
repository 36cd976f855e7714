import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import process from 'node:process'
import { unlessAvailable } from './requirement.js'

/** For a test's `skip` option. */
export const WITHOUT_PROMETHEUS = unlessAvailable(
  ['promtool', 'prometheus'].every(onPath),
  'Prometheus and promtool (Debian: prometheus)',
)

function onPath(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)))
}

export interface Said {
  readonly code: number | null
  /** stdout and stderr. */
  readonly text: string
}

/** What promtool says. @param input for its stdin */
export async function promtool(args: readonly string[], input = ''): Promise<Said> {
  const child = spawn('promtool', args)
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (part: string) => (text += part))
  }
  child.stdin.end(input)
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, text }
}
