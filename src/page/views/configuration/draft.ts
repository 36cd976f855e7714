import type { ConfigStatus } from '../../../ports/control/config.js'
import type { PlannedPipeline } from '../../base/planned-pipeline.js'
import { printJson5 } from '../../format/json5.js'

interface Branch {
  [key: string]: unknown
}

/**
 * What the files of the running configuration say, as one text to begin an edit with. Secrets are told of in a comment:
 * they do not come to the page.
 * @param pipelines that run
 * @param planned another one
 */
export function draftOf(
  { files, values }: ConfigStatus,
  pipelines: readonly string[],
  planned: PlannedPipeline | null = null,
): string {
  const given = values.filter(({ origin }) => files.includes(origin))
  const root = branch()
  for (const { path, value, masked } of given) if (!masked) put(root, path.split('.'), value)
  // One of which everything is left to the defaults is there all the same.
  for (const name of pipelines) put(root, ['pipelines', name], within(within(root, 'pipelines'), name))
  if (planned !== null) put(root, ['pipelines', planned.name], planned.settings)
  const secrets = given
    .filter(({ masked }) => masked)
    .map(({ path }) => `// ${path} is a secret and not shown here: it stays in the file`)
  return [...secrets, `${printJson5(root)}\n`].join('\n')
}

/** Whatever a key is called, it is nothing but a key. */
function branch(): Branch {
  return Object.create(null) as Branch
}

function within(parent: Branch, key: string): Branch {
  const child = parent[key]
  return typeof child === 'object' && child !== null ? (child as Branch) : branch()
}

function put(root: Branch, keys: readonly string[], value: unknown): void {
  let place = root
  for (const key of keys.slice(0, -1)) place = place[key] = within(place, key)
  place[keys.at(-1)!] = value
}
