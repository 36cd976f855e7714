import { axes, drawing, path, place, type Frame } from './axes.js'
import { html, type Markup } from './markup.js'
import type { Printed } from './numbers.js'
import { scaleOver, type Scale, type Spread, type Tick } from './scale.js'
import { tableOf } from './tables.js'

export interface Line {
  /** Of a model: its colour goes with it. */
  readonly name: string
  readonly points: readonly (readonly [x: number, y: number | null])[]
  /** A mark at each point. */
  readonly marked?: boolean
}

export interface LineChart {
  readonly title: string
  /** What is to be seen, and how to read it. */
  readonly text: string
  /** Of the horizontal axis, in the table too. */
  readonly across: string
  readonly ticks: readonly Tick[]
  /** Of a place in the table; default: its number. */
  readonly label?: (x: number) => string
  readonly print: Printed
  readonly lines: readonly Line[]
  /** A level that is aimed at, or a limit. */
  readonly reference?: { readonly y: number; readonly label: string }
  /** A diagonal to compare with. */
  readonly diagonal?: boolean
  /** Default `from-zero`. */
  readonly spread?: Spread
}

const FRAME: Frame = { width: 560, height: 260, left: 54, right: 22, top: 14, bottom: 30 }

/** Lines over a common axis, one for each model, and the same as a table. */
export function lineChart(chart: LineChart): Markup {
  const { title, text, lines, ticks, print, reference, diagonal = false, spread = 'from-zero' } = chart
  const { width, height, left, right, top, bottom } = FRAME
  const points = lines.flatMap((line) => line.points)
  const xs = points.map(([x]) => x)
  const ys = points.flatMap(([, y]) => (y === null ? [] : [y]))
  if (ys.length === 0) return html``
  const [low, high] = [Math.min(...xs), Math.max(...xs)]
  const span = diagonal ? { low: 0, high: 1 } : { low, high }
  const x = {
    at: (value: number): number =>
      left + ((value - span.low) / (span.high - span.low || 1)) * (width - left - right),
    ticks: [],
  }
  const shown = [...ys, ...(reference === undefined ? [] : [reference.y])]
  const foot = height - bottom
  const y: Scale = diagonal
    ? { at: (value) => foot + value * (top - foot), ticks: ticks.map(({ value }) => value) }
    : scaleOver(shown, foot, top, spread)
  const drawn = lines.map((line) => {
    const places = line.points.map(([px, py]) => (py === null ? null : ([x.at(px), y.at(py)] as const)))
    const marks =
      line.marked === true || places.length === 1
        ? places.map(
            (p) =>
              p && html`<circle class="mark m-${line.name}" cx="${place(p[0])}" cy="${place(p[1])}" r="4" />`,
          )
        : []
    return html`<path
        class="line m-${line.name}"
        d="${path(places)}"
      />${marks.filter((mark) => mark !== null)}`
  })
  const level = reference === undefined ? null : place(y.at(reference.y))
  const guide = diagonal
    ? `M${place(x.at(0))} ${place(y.at(0))}L${place(x.at(1))} ${place(y.at(1))}`
    : level === null
      ? ''
      : `M${left} ${level}H${width - right}`
  const content = [axes(FRAME, x, ticks, y, print), html`<path class="guide" d="${guide}" />`, ...drawn]
  return html`<figure>
    <figcaption>
      <h3>${title}</h3>
      <p>${text}</p>
      ${legend(lines, reference?.label)}
    </figcaption>
    ${drawing(FRAME, title, content)}${behind(chart)}
  </figure>`
}

function legend(lines: readonly Line[], reference: string | undefined): Markup {
  const items = [...new Set(lines.map(({ name }) => name))].map(
    (name) => html`<li class="m-${name}">${name}</li>`,
  )
  return html`<ul class="legend">
    ${items}${reference === undefined ? null : html`<li class="aim">${reference}</li>`}
  </ul>`
}

/** Points of which a table is made, at most; beyond that every n-th row is in it. */
const MOST_ROWS = 60

function behind({ lines, across, label = String, print, title }: LineChart): Markup {
  const xs = [...new Set(lines.flatMap(({ points }) => points.map(([x]) => x)))].sort((a, b) => a - b)
  const every = Math.ceil(xs.length / MOST_ROWS)
  const columns = lines.map(({ points }) => new Map(points))
  const rows = xs
    .filter((_, i) => i % every === 0)
    .map((x) => [label(x), ...columns.map((column) => print(column.get(x)))])
  const table = tableOf(title, [across, ...lines.map(({ name }) => name)], rows)
  return html`<details>
    <summary>Table</summary>
    ${table}
  </details>`
}
