import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import uPlot from 'uplot'
import { darkness, zone } from '../base/preferences.js'
import { useStore } from '../base/store.js'
import { formatValue } from '../format/numbers.js'
import { formatTime } from '../format/times.js'
import type { ChartModel, Line } from './chart-model.js'
import { ChartTools } from './chart-tools.js'
import { dataOf, formOf, plotOptions } from './plot.js'

interface Props {
  readonly model: ChartModel
  /** In words, for those who do not see it. */
  readonly summary: string
  readonly height?: number
}

/** A chart with its legend, the values under the pointer, its table, and itself as a file. */
export function Chart({ model, summary, height = 320 }: Props) {
  const box = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | null>(null)
  const newest = useRef(model)
  newest.current = model
  const [hovered, setHovered] = useState<number | null>(null)
  const dark = useStore(darkness)
  const chosenZone = useStore(zone)
  const form = formOf(model)
  const data = useMemo(() => dataOf(model), [model])

  useEffect(() => {
    const place = box.current!
    const look = { zone: chosenZone, width: place.clientWidth, height, grid: true }
    const drawn = new uPlot(
      plotOptions(newest.current, () => newest.current, look, setHovered),
      dataOf(newest.current),
      place,
    )
    plot.current = drawn
    const observer = new ResizeObserver(() => {
      if (place.clientWidth > 0) drawn.setSize({ width: place.clientWidth, height })
    })
    observer.observe(place)
    return () => {
      observer.disconnect()
      drawn.destroy()
      plot.current = null
    }
  }, [form, dark, chosenZone, height])

  useEffect(() => plot.current?.setData(data), [data])

  const shown = model.lines.filter(({ shape }) => shape !== 'edge')
  const at = hovered === null ? undefined : data[0][hovered]
  return (
    <figure class="chart">
      <figcaption class="legend">
        {shown.map((line) => (
          <LegendEntry key={line.label} line={line} at={at} />
        ))}
        <span class="legend-time muted">
          {at === undefined ? '' : model.axis.kind === 'time' ? formatTime(at * 1000, chosenZone) : at}
        </span>
      </figcaption>
      <div class="plot" role="img" aria-label={`${model.title}. ${summary}`} ref={box} />
      <ChartTools model={model} canvas={() => box.current?.querySelector('canvas') ?? null} />
    </figure>
  )
}

function LegendEntry({ line, at }: { readonly line: Line; readonly at: number | undefined }) {
  const index = at === undefined ? -1 : line.x.indexOf(at)
  const value = index < 0 ? null : line.y[index]
  return (
    <span class="legend-entry">
      <span class={`swatch ${line.shape} ink-${line.role}`} aria-hidden="true" />
      {line.label}
      {at === undefined ? null : <b class="figure">{formatValue(value)}</b>}
    </span>
  )
}
