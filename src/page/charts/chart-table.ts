import { formatTime } from '../format/times.js'
import { alignColumns } from './align.js'
import type { ChartModel } from './chart-model.js'

export interface Table {
  readonly head: readonly string[]
  /** Numbers as they are; null where there is none. */
  readonly rows: readonly (readonly [at: number, ...values: (number | null)[]])[]
}

/** The values behind a chart, oldest first. */
export function tableOf({ lines, axis }: ChartModel): Table {
  const [times, ...columns] = alignColumns(lines)
  return {
    head: [axis.kind === 'time' ? 'time' : axis.label, ...lines.map(({ label }) => label)],
    rows: times.map((at, i) => [at, ...columns.map((values) => values[i] ?? null)] as const),
  }
}

/** RFC 4180, times in UTC. What a spreadsheet would take for a formula is disarmed. */
export function csvOf(model: ChartModel): string {
  const { head, rows } = tableOf(model)
  const lines = rows.map(([at, ...values]) => [
    model.axis.kind === 'time' ? new Date(at * 1000).toISOString() : String(at),
    ...values.map((value) => (value === null ? '' : String(value))),
  ])
  return [head.map(quoted), ...lines].map((cells) => cells.join(',')).join('\r\n') + '\r\n'
}

function quoted(text: string): string {
  const harmless = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}

/** How a point of the x axis is written in the table. */
export function rowName(model: ChartModel, at: number, zone: 'local' | 'utc'): string {
  return model.axis.kind === 'time' ? formatTime(at * 1000, zone) : String(at)
}
