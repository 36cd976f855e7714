import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog'

/** The daemon's own API, through a plugin that reads JSON: yesoreyeram-infinity-datasource. */
export const API = { type: 'yesoreyeram-infinity-datasource', uid: '${api}' }

export interface Column {
  readonly selector: string
  readonly text: string
  readonly type: 'string' | 'number' | 'timestamp_epoch'
}

/** What the plugin keeps of a query for the rows of a JSON answer. @param path below the data source's address */
export function jsonQuery(path: string, rows: string, columns: readonly Column[]) {
  return {
    type: 'json',
    source: 'url',
    format: 'table',
    parser: 'backend',
    url: path,
    url_options: { method: 'GET', data: '' },
    root_selector: rows,
    columns,
    filters: [],
  } as const
}

/** The SDK has no builder for this plugin's queries. */
export class ApiQuery implements Builder<Dataquery> {
  constructor(private readonly query: ReturnType<typeof jsonQuery>) {}

  build(): Dataquery {
    const plain = { refId: 'A', datasource: API, ...this.query }
    return Object.defineProperty(plain, '_implementsDataqueryVariant', {
      value: () => undefined,
    }) as typeof plain & Dataquery
  }
}
