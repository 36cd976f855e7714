import type { FileRow } from '../../adapters/files/observations.js'
import type { PipelineConfig } from '../../config/types.js'

export type Fields = PipelineConfig['fields']

const PLAIN: Fields = { series: '', ts: 'ts', value: 'value', covariates: 'covariates' }

/**
 * The JSON value of a row's record, with the field names under which the topic's pipelines look for them. Readers have
 * made sure that a time stamp holds nothing to be escaped.
 */
export function rowEncoder(readers: readonly Fields[]): (row: FileRow) => string {
  const fields = readers.length === 0 ? [PLAIN] : readers
  if (fields.every(isPlain)) {
    return (row) => {
      const { ts, value, covariates } = row
      if (covariates !== undefined) return JSON.stringify({ ts, value, covariates })
      const written = typeof value === 'string' ? JSON.stringify(value) : value
      return typeof ts === 'number' ? `{"ts":${ts},"value":${written}}` : `{"ts":"${ts}","value":${written}}`
    }
  }
  return (row) => {
    const record: Nested = {}
    for (const { series, ts, value, covariates } of fields) {
      if (series !== '') set(record, series, row.series)
      set(record, ts, row.ts)
      set(record, value, row.value)
      if (row.covariates !== undefined) set(record, covariates, { ...row.covariates })
    }
    return JSON.stringify(record)
  }
}

interface Nested {
  [name: string]: Nested | string | number | null
}

function isPlain({ series, ts, value, covariates }: Fields): boolean {
  return series === '' && ts === PLAIN.ts && value === PLAIN.value && covariates === PLAIN.covariates
}

function set(record: Nested, path: string, value: Nested | string | number | null): void {
  const names = path.split('.')
  const last = names.pop()!
  let node = record
  for (const name of names) {
    const inner = node[name]
    node = typeof inner === 'object' && inner !== null ? inner : (node[name] = {})
  }
  node[last] = value
}
