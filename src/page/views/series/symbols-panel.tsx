import type { Forecast } from '../../../core/forecast/format.js'
import type { SeriesHistory } from '../../../ports/control/series.js'
import { zone } from '../../base/preferences.js'
import { useStore } from '../../base/store.js'
import { formatTime } from '../../format/times.js'
import { shortened } from './series-list.js'

interface Props {
  readonly observations: SeriesHistory['observations']
  readonly forecast: Forecast | undefined
}

const MOST_SHOWN = 30

/** A series of symbols: what may come next, and what came last. */
export function SymbolsPanel({ observations, forecast }: Props) {
  const chosenZone = useStore(zone)
  return (
    <div class="symbols">
      <section>
        <h3>Next{forecast === undefined ? '' : `, by ${forecast.model}`}</h3>
        <table>
          <thead>
            <tr>
              <th scope="col">Symbol</th>
              <th scope="col">Probability</th>
            </tr>
          </thead>
          <tbody>
            {(forecast?.symbols ?? []).map(({ symbol, probability }) => (
              <tr key={symbol}>
                <th scope="row" dir="auto">
                  {shortened(symbol, 60)}
                </th>
                <td>
                  <meter min={0} max={1} value={probability} aria-hidden="true" />{' '}
                  {(probability * 100).toFixed(1)} %
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <section>
        <h3>Came last</h3>
        <table>
          <thead>
            <tr>
              <th scope="col">Time</th>
              <th scope="col">Symbol</th>
            </tr>
          </thead>
          <tbody>
            {observations
              .slice(-MOST_SHOWN)
              .reverse()
              .map(([at, symbol]) => (
                <tr key={at}>
                  <th scope="row">{formatTime(at, chosenZone)}</th>
                  <td dir="auto">{symbol === null ? 'missing' : shortened(String(symbol), 60)}</td>
                </tr>
              ))}
          </tbody>
        </table>
      </section>
    </div>
  )
}
