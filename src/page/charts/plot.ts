import uPlot from 'uplot'
import type { Zone } from '../base/preferences.js'
import { formatValue } from '../format/numbers.js'
import { alignColumns } from './align.js'
import type { ChartModel, Line } from './chart-model.js'
import { colour } from './colours.js'
import { DASHES } from './dashes.js'

/** Smallest distance of marks (s), how each is written, and how a first one of its day is. */
const TIME_MARKS: uPlot.Axis.Values = [
  [28 * 86_400, '{YYYY}-{MM}', null, null, null, null, null, null, 1],
  [86_400, '{DD} {MMM}', '\n{YYYY}', null, null, null, null, null, 1],
  [60, '{HH}:{mm}', '\n{DD} {MMM} {YYYY}', null, '\n{DD} {MMM}', null, null, null, 1],
  [0.001, '{HH}:{mm}:{ss}', '\n{DD} {MMM} {YYYY}', null, '\n{DD} {MMM}', null, null, null, 1],
]

export function dataOf({ lines }: ChartModel): uPlot.AlignedData {
  return alignColumns(lines)
}

/** Two models that differ in data alone are drawn by the same plot. */
export function formOf({ axis, lines, bands, fromZero }: ChartModel): string {
  const kinds = lines.map(({ label, role, shape }) => [label, role, shape])
  return JSON.stringify([axis, kinds, bands, fromZero])
}

/** @param model of now: gaps and mark move without a new plot */
export function plotOptions(
  form: ChartModel,
  model: () => ChartModel,
  look: { readonly zone: Zone; readonly width: number; readonly height: number; readonly grid: boolean },
  hovered: (index: number | null) => void,
): uPlot.Options {
  const time = form.axis.kind === 'time'
  const muted = colour('muted')
  const axis: uPlot.Axis = {
    stroke: muted,
    font: '12px system-ui, sans-serif',
    grid: { show: look.grid, stroke: colour('grid'), width: 1 },
    ticks: { show: false },
  }
  return {
    width: look.width,
    height: look.height,
    padding: [12, 28, 0, 0],
    scales: {
      x: { time },
      y: { range: (_, min, max) => paddedRange(form.fromZero === true ? 0 : min, max) },
    },
    axes: [
      {
        ...axis,
        space: 70,
        grid: { show: false },
        ...(time ? { values: TIME_MARKS } : {}),
        ...(form.axis.kind === 'number' ? { label: form.axis.label, labelSize: 18, size: 34 } : {}),
      },
      { ...axis, size: 56, values: (_, ticks) => ticks.map(formatValue) },
    ],
    ...(look.zone === 'utc' ? { tzDate: (at: number) => uPlot.tzDate(new Date(at * 1000), 'UTC') } : {}),
    legend: { show: false },
    cursor: { y: false, drag: { x: true, y: false }, points: { size: 7 } },
    series: [{}, ...form.lines.map(seriesOf)],
    bands: (form.bands ?? []).map(({ low, high, role, alpha }) => ({
      series: [high + 1, low + 1],
      fill: colour(role, alpha),
    })),
    hooks: {
      drawClear: [(plot) => drawBehind(plot, model())],
      setCursor: [(plot) => hovered(plot.cursor.idx ?? null)],
    },
  }
}

function seriesOf({ label, role, shape }: Line): uPlot.Series {
  const stroke = colour(role)
  const points = shape === 'rings' || shape === 'dots'
  return {
    label,
    stroke: shape === 'edge' ? colour(role, 0.35) : stroke,
    width: shape === 'line' ? 2 : shape === 'edge' || shape === 'thin' ? 1 : 1.5,
    ...(DASHES[shape] === undefined ? {} : { dash: DASHES[shape] }),
    ...(points ? { paths: () => null } : {}),
    points: points
      ? {
          show: true,
          size: shape === 'rings' ? 11 : 7,
          width: 2,
          stroke,
          fill: shape === 'rings' ? 'transparent' : stroke,
        }
      : { show: false },
  }
}

/** A tenth of room above and below, so that bands do not touch the frame. */
function paddedRange(min: number | null, max: number | null): [number, number] {
  if (min === null || max === null || !Number.isFinite(min) || !Number.isFinite(max)) return [0, 1]
  const room = (max - min) * 0.08 || Math.abs(max) * 0.1 || 1
  return [min >= 0 && min - room < 0 ? 0 : min - room, max + room]
}

function drawBehind(plot: uPlot, { gaps = [], mark }: ChartModel): void {
  const { ctx, bbox } = plot
  ctx.save()
  ctx.beginPath()
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height)
  ctx.clip()
  ctx.fillStyle = colour('missing')
  for (const [from, to] of gaps) {
    const left = plot.valToPos(from, 'x', true)
    ctx.fillRect(left, bbox.top, Math.max(1, plot.valToPos(to, 'x', true) - left), bbox.height)
  }
  if (mark !== undefined) {
    const at = Math.round(plot.valToPos(mark, 'x', true))
    ctx.strokeStyle = colour('muted')
    ctx.setLineDash([2, 3])
    ctx.beginPath()
    ctx.moveTo(at, bbox.top)
    ctx.lineTo(at, bbox.top + bbox.height)
    ctx.stroke()
  }
  ctx.restore()
}
