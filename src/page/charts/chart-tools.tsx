import { useState } from 'preact/hooks'
import { zone } from '../base/preferences.js'
import { useStore } from '../base/store.js'
import { formatValue } from '../format/numbers.js'
import { zoneName } from '../format/times.js'
import { download } from './download.js'
import type { ChartModel } from './chart-model.js'
import { csvOf, rowName, tableOf } from './chart-table.js'
import { pngOf } from './png.js'

/** Rows of the table that are shown at once; the CSV has them all. */
const MOST_ROWS = 200

interface Props {
  readonly model: ChartModel
  readonly canvas: () => HTMLCanvasElement | null
}

export function ChartTools({ model, canvas }: Props) {
  const [open, setOpen] = useState(false)
  const name = model.title.replace(/[^\p{L}\p{N}._-]+/gu, '-').slice(0, 80)
  const png = async (): Promise<void> => {
    const drawn = canvas()
    const picture = drawn === null ? null : await pngOf(drawn, model)
    if (picture !== null) download(`${name}.png`, picture)
  }
  return (
    <div class="chart-tools">
      <details onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>Table</summary>
        {open ? <DataTable model={model} /> : null}
      </details>
      <button type="button" class="quiet" onClick={() => void png()}>
        PNG
      </button>
      <button
        type="button"
        class="quiet"
        onClick={() => download(`${name}.csv`, new Blob([csvOf(model)], { type: 'text/csv' }))}
      >
        CSV
      </button>
    </div>
  )
}

function DataTable({ model }: { readonly model: ChartModel }) {
  const chosenZone = useStore(zone)
  const { head, rows } = tableOf(model)
  const shown = rows.slice(-MOST_ROWS).reverse()
  const [first, ...others] = head
  return (
    <div class="table-box" tabIndex={0} role="region" aria-label={`Table: ${model.title}`}>
      <table>
        <caption>
          {model.title}
          {rows.length > shown.length
            ? `: the newest ${shown.length} of ${rows.length}; the CSV has all`
            : ''}
        </caption>
        <thead>
          <tr>
            <th scope="col">
              {first}
              {model.axis.kind === 'time' ? ` (${zoneName(chosenZone)})` : ''}
            </th>
            {others.map((label) => (
              <th scope="col" key={label}>
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map(([at, ...values]) => (
            <tr key={at}>
              <th scope="row">{rowName(model, at, chosenZone)}</th>
              {values.map((value, i) => (
                <td key={i}>{formatValue(value)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
