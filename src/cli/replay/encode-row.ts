import type { FileRow } from '../../adapters/files/observations.js'
import type { PipelineConfig } from '../../config/types.js'

export type Fields = Pick<PipelineConfig['fields'], 'series' | 'ts' | 'value'>

const PLAIN: Fields = { series: '', ts: 'ts', value: 'value' }

/**
 * The JSON value of a row's record, with the field names under which the topic's pipelines look for them. Readers have
 * made sure that a time stamp holds nothing to be escaped.
 */
export function rowEncoder(readers: readonly Fields[]): (row: FileRow) => string {
  const fields = readers.length === 0 ? [PLAIN] : readers
  if (fields.every(({ series, ts, value }) => series === '' && ts === 'ts' && value === 'value')) {
    return ({ ts, value }) => {
      const written = typeof value === 'string' ? JSON.stringify(value) : value
      return typeof ts === 'number' ? `{"ts":${ts},"value":${written}}` : `{"ts":"${ts}","value":${written}}`
    }
  }
  return (row) => {
    const record: Nested = {}
    for (const { series, ts, value } of fields) {
      if (series !== '') set(record, series, row.series)
      set(record, ts, row.ts)
      set(record, value, row.value)
    }
    return JSON.stringify(record)
  }
}

interface Nested {
  [name: string]: Nested | string | number | null
}

function set(record: Nested, path: string, value: string | number | null): void {
  const names = path.split('.')
  const last = names.pop()!
  let node = record
  for (const name of names) {
    const inner = node[name]
    node = typeof inner === 'object' && inner !== null ? inner : (node[name] = {})
  }
  node[last] = value
}
