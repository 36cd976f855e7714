import type { Forecast } from '../../../core/forecast/format.js'
import { formatValue } from '../../format/numbers.js'
import { fanColumns } from './fan-model.js'

interface Props {
  readonly forecast: Forecast | undefined
  readonly baseline: Forecast | null
  readonly challenger: Forecast | null
}

/** What publishes, a network in its shadow, and the baseline, from the same observation; nothing where one is alone. */
export function SideBySide({ forecast, baseline, challenger }: Props) {
  if (forecast === undefined || (baseline === null && challenger === null)) return null
  const rows = [
    { who: 'Published', one: forecast },
    { who: 'Challenger', one: challenger },
    { who: 'Baseline', one: baseline },
  ]
  return (
    <div class="table-box" tabIndex={0} role="region" aria-label="Side by side">
      <table>
        <thead>
          <tr>
            {['', 'By', 'Next', 'Its band', 'Last', 'Its band'].map((head, i) => (
              <th scope="col" key={i}>
                {head === '' ? <span class="visually-hidden">Role</span> : head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ who, one }) => (one === null ? null : <Row key={who} who={who} forecast={one} />))}
        </tbody>
      </table>
    </div>
  )
}

function Row({ who, forecast }: { readonly who: string; readonly forecast: Forecast }) {
  const { low, middle, high } = fanColumns(forecast)
  const band = (at: number): string => `${formatValue(low.at(at))} – ${formatValue(high.at(at))}`
  return (
    <tr>
      <th scope="row">{who}</th>
      <td>{forecast.model}</td>
      <td>{formatValue(middle[0])}</td>
      <td>{band(0)}</td>
      <td>{formatValue(middle.at(-1))}</td>
      <td>{band(-1)}</td>
    </tr>
  )
}
