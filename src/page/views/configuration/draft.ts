import type { ConfigStatus, ShownValue } from '../../../ports/control/config.js'

/**
 * What the files of the running configuration say, as one text to begin an edit with. Secrets are told of in a comment:
 * they do not come to the page.
 */
export function draftOf({ files, values }: ConfigStatus, pipelines: readonly string[]): string {
  const given = values.filter(({ origin }) => files.includes(origin))
  const root: Branch = new Map()
  for (const { path, value, masked } of given) if (!masked) put(root, path.split('.'), value)
  // One of which everything is left to the defaults is there all the same.
  for (const name of pipelines) if (!has(root, name)) put(root, ['pipelines', name], new Map())
  const secrets = given.filter(({ masked }) => masked).map(secretLine)
  return [...secrets, `${print(root, '')}\n`].join('\n')
}

type Branch = Map<string, unknown>

function secretLine({ path }: ShownValue): string {
  return `// ${path} is a secret and not shown here: it stays in the file`
}

function put(root: Branch, keys: readonly string[], value: unknown): void {
  let branch = root
  for (const key of keys.slice(0, -1)) {
    const next = branch.get(key)
    const child: Branch = next instanceof Map ? (next as Branch) : new Map<string, unknown>()
    branch.set(key, child)
    branch = child
  }
  branch.set(keys.at(-1)!, value)
}

function has(root: Branch, pipeline: string): boolean {
  const all = root.get('pipelines')
  return all instanceof Map && all.has(pipeline)
}

/** JSON5 as people write it: names without quotes where they need none. */
function print(value: unknown, indent: string): string {
  if (!(value instanceof Map)) return JSON.stringify(value)
  if (value.size === 0) return '{}'
  const deeper = `${indent}  `
  const lines = [...(value as Branch)].map(
    ([key, child]) =>
      `${deeper}${/^[A-Za-z_]\w*$/.test(key) ? key : JSON.stringify(key)}: ${print(child, deeper)},`,
  )
  return `{\n${lines.join('\n')}\n${indent}}`
}
