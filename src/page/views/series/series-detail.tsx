import { useMemo, useState } from 'preact/hooks'
import type { Forecast } from '../../../core/forecast/format.js'
import type { PipelineStatus } from '../../../ports/control.js'
import { ofPipeline } from '../../api/client.js'
import { zone } from '../../base/preferences.js'
import { linkTo } from '../../base/route.js'
import { useStore } from '../../base/store.js'
import { Chart } from '../../charts/chart.js'
import { formatValue } from '../../format/numbers.js'
import { formatSteps, formatTime } from '../../format/times.js'
import { Notice, Waiting } from '../../parts/notice.js'
import { SourceButton } from '../../parts/source.js'
import { HorizonChart } from './horizon-chart.js'
import { fanColumns, fanModel } from './fan-model.js'
import { useSeries, type SeriesData } from './series-data.js'
import { shortened } from './series-list.js'
import { Scrubber } from './scrubber.js'
import { SideBySide } from './side-by-side.js'
import { StateFacts } from './state-facts.js'
import { SymbolsPanel } from './symbols-panel.js'
import { WhatIf, type Fork } from './what-if.js'

interface Props {
  readonly pipeline: PipelineStatus
  readonly series: string
}

const LENGTHS = [100, 200, 500, 2000] as const

/** What was observed of a series, what had been forecast for it, and what is forecast now; it follows the stream. */
export function SeriesDetail({ pipeline, series }: Props) {
  const { name, form } = pipeline
  const { horizon, interval } = form
  const [step, setStep] = useState(1)
  const [length, setLength] = useState<number>(() => LENGTHS.find((most) => most >= 2 * horizon) ?? 500)
  const [origin, setOrigin] = useState<string | null>(null)
  const [fork, setFork] = useState<Fork | null>(null)
  const data = useSeries(pipeline, series, step, length)
  const { observations, forecasts, made, resource } = data
  const forecast = forecasts.find((one) => one.origin === origin) ?? forecasts.at(-1)
  const baseline = sameOrigin(data.beside.baseline, forecast)
  const challenger = sameOrigin(data.beside.challenger, forecast)
  const model = useMemo(
    () =>
      fanModel({
        title: `${shortened(series, 60)}, ${name}`,
        interval,
        observations,
        forecast,
        baseline,
        challenger,
        made,
        fork,
        ahead: formatSteps(step, interval),
      }),
    [series, name, interval, observations, forecast, baseline, challenger, made, fork, step],
  )
  const summary = useSummary(observations, forecast)
  return (
    <>
      <a class="back" href={linkTo('series', { pipeline: name })}>
        ← All series
      </a>
      <h2 class="series-name" dir="auto" title={shortened(series, 1000)}>
        {shortened(series)}
      </h2>
      {resource.data === undefined ? (
        <Waiting resource={resource} what="the observations" />
      ) : observations.length === 0 ? (
        <Notice kind="empty" title="Nothing has been observed of this series here." />
      ) : form.kind === 'symbols' ? (
        <SymbolsPanel observations={observations} forecast={forecast} />
      ) : (
        <>
          <div class="fields">
            <StepField value={step} horizon={horizon} interval={interval} chosen={setStep} />
            <label class="field">
              Show
              <select value={length} onChange={({ currentTarget }) => setLength(Number(currentTarget.value))}>
                {LENGTHS.map((most) => (
                  <option key={most} value={most}>
                    newest {most}
                  </option>
                ))}
              </select>
            </label>
            <SourceButton
              of={`Forecasts of ${shortened(series, 60)}`}
              source={{ path: ofPipeline(name, 'series/forecasts', { series, limit: 1 }) }}
            />
          </div>
          <Chart model={model} summary={summary} height={360} />
          <SideBySide forecast={forecast} baseline={baseline} challenger={challenger} />
          <Scrubber forecasts={forecasts} origin={origin} chosen={setOrigin} />
          <WhatIf pipeline={name} series={series} fork={fork} forked={setFork} />
          <HorizonChart interval={interval} observations={observations} forecasts={forecasts} />
        </>
      )}
      <StateFacts pipeline={name} series={series} />
    </>
  )
}

/** What another forecaster says, where it goes on from the same observation. */
function sameOrigin(other: Forecast | null, shown: Forecast | undefined): Forecast | null {
  return other !== null && other.origin === shown?.origin && other.model !== shown.model ? other : null
}

interface StepProps {
  readonly value: number
  readonly horizon: number
  readonly interval: string
  readonly chosen: (step: number) => void
}

/** How long before its time the forecasts were made that are compared with what came. */
function StepField({ value, horizon, interval, chosen }: StepProps) {
  const steps = [...new Set([1, 2, 3, 6, 12, 24, 48, 96, Math.ceil(horizon / 2), horizon])]
    .filter((step) => step <= horizon)
    .sort((a, b) => a - b)
  return (
    <label class="field">
      Compare with forecasts made
      <select value={value} onChange={({ currentTarget }) => chosen(Number(currentTarget.value))}>
        {steps.map((step) => (
          <option key={step} value={step}>
            {formatSteps(step, interval)} before
          </option>
        ))}
      </select>
    </label>
  )
}

/** The chart in words. */
function useSummary(observations: SeriesData['observations'], forecast: Forecast | undefined): string {
  const chosenZone = useStore(zone)
  const newest = observations.at(-1)
  if (newest === undefined) return ''
  const last = typeof newest[1] === 'number' ? formatValue(newest[1]) : 'missing'
  const text = `${observations.length} observations, the newest ${last} at ${formatTime(newest[0], chosenZone)}.`
  if (forecast === undefined) return text
  const { low, middle, high } = fanColumns(forecast)
  return (
    `${text} Forecast by ${forecast.model} for the ${forecast.horizon} steps after it: next ${formatValue(middle[0])}, ` +
    `between ${formatValue(low[0])} and ${formatValue(high[0])}; last ${formatValue(middle.at(-1))}.`
  )
}
