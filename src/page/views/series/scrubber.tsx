import type { Forecast } from '../../../core/forecast/format.js'
import { zone } from '../../base/preferences.js'
import { useStore } from '../../base/store.js'
import { formatTime } from '../../format/times.js'

interface Props {
  /** Oldest first. */
  readonly forecasts: readonly Forecast[]
  /** Of the forecast that is shown; null: the newest, whichever that is. */
  readonly origin: string | null
  readonly chosen: (origin: string | null) => void
}

/** Takes the chart back to what was forecast at a moment of the past. */
export function Scrubber({ forecasts, origin, chosen }: Props) {
  const chosenZone = useStore(zone)
  const last = forecasts.length - 1
  if (last < 1) return null
  const found = forecasts.findIndex((forecast) => forecast.origin === origin)
  const index = origin === null || found < 0 ? last : found
  const forecast = forecasts[index]!
  const text = `${formatTime(Date.parse(forecast.origin), chosenZone)}, by ${forecast.model}`
  return (
    <div class="scrubber">
      <label for="scrubber">Forecast as it stood</label>
      <input
        id="scrubber"
        type="range"
        min={0}
        max={last}
        value={index}
        aria-valuetext={text}
        onInput={({ currentTarget }) => {
          const at = Number(currentTarget.value)
          chosen(at === last ? null : forecasts[at]!.origin)
        }}
      />
      <output class="figure">{text}</output>
      <button type="button" disabled={index === last} onClick={() => chosen(null)}>
        Newest
      </button>
    </div>
  )
}
