import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

const FOLDER = join(import.meta.dirname, '..', '..', '..', 'deploy', 'grafana', 'dashboards')

/** A query of a panel, of Prometheus or of the daemon's own API. */
export type Target =
  | { readonly kind: 'prometheus'; readonly expr: string }
  | {
      readonly kind: 'api'
      /** Path, and the field of the answer that holds the rows. */
      readonly path: string
      readonly rows: string
      readonly columns: readonly string[]
    }

export interface PanelQuery {
  /** File, title and place of the query among the panel's, for messages. */
  readonly name: string
  readonly target: Target
}

interface Panel {
  readonly type: string
  readonly title: string
  readonly targets?: readonly {
    readonly refId: string
    readonly expr?: string
    readonly url?: string
    readonly root_selector?: string
    readonly columns?: readonly { readonly selector: string }[]
  }[]
}

/** Files of deploy/grafana/dashboards by name. */
export async function committedDashboards(): Promise<ReadonlyMap<string, string>> {
  const names = (await readdir(FOLDER)).sort()
  return new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(join(FOLDER, name), 'utf8')] as const)),
  )
}

/** Every query of every panel, and those that variables take their values from. */
export async function panelQueries(): Promise<PanelQuery[]> {
  const files = [...(await committedDashboards())]
  return files.flatMap(([file, text]) => {
    const { panels } = JSON.parse(text) as { readonly panels: readonly Panel[] }
    return panels.flatMap(({ title, targets = [] }) =>
      targets.map(({ refId, expr, url, root_selector, columns = [] }): PanelQuery => {
        const name = `${file}, ${title}, ${refId}`
        if (expr !== undefined) return { name, target: { kind: 'prometheus', expr } }
        const selectors = columns.map(({ selector }) => selector)
        return { name, target: { kind: 'api', path: url!, rows: root_selector!, columns: selectors } }
      }),
    )
  })
}

/** As Grafana puts the values of variables into a query. */
export function filledIn(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replace(/\$\{(\w+)(?::\w+)?\}|\$(\w+)/g, (_, braced?: string, bare?: string) => {
    const value = variables[braced ?? bare ?? '']
    if (value === undefined) throw new Error(`no value for ${braced ?? bare ?? ''} in ${text}`)
    return value
  })
}
