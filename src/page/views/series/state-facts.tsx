import type { SeriesState } from '../../../ports/control/series.js'
import { ofPipeline } from '../../api/client.js'
import { useResource } from '../../api/use-resource.js'
import { zone } from '../../base/preferences.js'
import { useStore } from '../../base/store.js'
import { formatBytes, formatCount, formatPercent, formatScore, formatValue } from '../../format/numbers.js'
import { formatTime } from '../../format/times.js'
import { Figure } from '../../parts/figure.js'
import { Waiting } from '../../parts/notice.js'

const EVERY_MS = 5000

/** What the daemon carries for a series. */
export function StateFacts({ pipeline, series }: { readonly pipeline: string; readonly series: string }) {
  const path = ofPipeline(pipeline, 'series/state', { series })
  const resource = useResource<SeriesState>(path, EVERY_MS)
  const chosenZone = useStore(zone)
  const state = resource.data
  const source = { path }
  return (
    <section aria-labelledby="state-title">
      <h3 id="state-title">Its state</h3>
      {state === undefined ? (
        <Waiting resource={resource} what="the state" />
      ) : (
        <dl class="figures wide">
          <Figure label="Observations" value={formatCount(state.observations)} source={source} />
          <Figure
            label="Newest"
            value={typeof state.lastValue === 'string' ? state.lastValue : formatValue(state.lastValue)}
            note={`${formatTime(state.lastAt, chosenZone)}${state.stale ? ' · stale' : ''}`}
            source={source}
          />
          <Figure
            label="MASE"
            value={formatScore(state.mase)}
            note="1: as the seasonal naive"
            source={source}
          />
          <Figure label="Coverage" value={formatPercent(state.coverage)} source={source} />
          <Figure
            label="Forecast by"
            value={state.model}
            note={state.hiddenState === null ? 'no hidden state' : `hidden state of ${state.hiddenState}`}
            source={source}
          />
          <Figure
            label="Hidden state"
            value={formatCount(state.warmSteps)}
            unit="steps"
            note={state.warmSteps >= state.warmUp ? 'warm' : `warm after ${state.warmUp}`}
            source={source}
          />
          <Figure
            label="Scaler"
            value={`${formatValue(state.scaler.mean)} ± ${formatValue(state.scaler.scale)}`}
            note={`naive error ${formatValue(state.scaler.naiveError)}`}
            source={source}
          />
          <Figure
            label="Kept"
            value={formatBytes(state.bytes)}
            note={`partition ${state.partition}, ${state.place === 'resident' ? 'in memory' : 'in the store'}`}
            source={source}
          />
        </dl>
      )}
    </section>
  )
}
