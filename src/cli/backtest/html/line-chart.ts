import { axes, drawing, path, place, type Frame } from './axes.js'
import { html, type Markup } from './markup.js'
import type { Printed, Unit } from './numbers.js'
import { scaleOver, type Scale, type Spread, type Tick } from './scale.js'
import { tableOf } from './tables.js'

export interface Line {
  /** Of a model: its colour goes with it. */
  readonly name: string
  readonly points: readonly (readonly [x: number, y: number | null])[]
  /** A mark at each point, or at those above the reference. */
  readonly marked?: 'all' | 'above'
}

/** Something that happened to a model on the way. */
export interface Happening {
  readonly x: number
  /** Of a model: its colour goes with it. */
  readonly name: string
  /** Drawn full, or hollow. */
  readonly full: boolean
  readonly text: string
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
  /** Of a value in the table. */
  readonly print: Printed
  /** Of the vertical axis; default `number`. */
  readonly unit?: Unit
  readonly lines: readonly Line[]
  /** A level that is aimed at, or a limit. */
  readonly reference?: { readonly y: number; readonly label: string }
  /** A diagonal to compare with. */
  readonly diagonal?: boolean
  /** Marks along the top. */
  readonly happenings?: { readonly all: readonly Happening[]; readonly full: string; readonly hollow: string }
  /** Default `from-zero`. */
  readonly spread?: Spread
  /** What the vertical axis covers at least. */
  readonly least?: number
  /** One of many: half as wide. */
  readonly small?: boolean
}

const LARGE: Frame = { width: 560, height: 260, left: 54, right: 22, top: 14, bottom: 30 }
const SMALL: Frame = { ...LARGE, width: 300, height: 180, left: 44, right: 14 }

/** Lines over a common axis, one for each model, and the same as a table. */
export function lineChart(chart: LineChart): Markup {
  const { title, text, lines, ticks, reference, happenings, diagonal = false } = chart
  const { unit = 'number', spread = 'from-zero', least = 0, small = false } = chart
  const frame = small ? SMALL : LARGE
  const { width, height, left, right, top, bottom } = frame
  const points = lines.flatMap((line) => line.points)
  const xs = points.map(([x]) => x)
  const ys = points.flatMap(([, y]) => (y === null ? [] : [y]))
  if (ys.length === 0) return html``
  const [low, high] = [Math.min(...xs), Math.max(...xs)]
  const span = diagonal ? { low: 0, high: 1 } : { low, high }
  const x = {
    at: (value: number): number =>
      left + ((value - span.low) / (span.high - span.low || 1)) * (width - left - right),
  }
  const shown = [...ys, ...(reference === undefined ? [] : [reference.y])]
  const foot = height - bottom
  const y: Scale = diagonal
    ? { at: (value) => foot + value * (top - foot), ticks: ticks.map(({ value }) => value), apart: 0.25 }
    : scaleOver(shown, foot, top, spread, least)
  const drawn = lines.map((line) => {
    const places = line.points.map(([px, py]) => (py === null ? null : ([x.at(px), y.at(py)] as const)))
    const marks = line.points.flatMap(([px, py]) =>
      py !== null && isMarked(line, py, reference?.y)
        ? html`<circle class="mark m-${line.name}" cx="${place(x.at(px))}" cy="${place(y.at(py))}" r="4" />`
        : [],
    )
    return html`<path class="line m-${line.name}" d="${path(places)}" />${marks}`
  })
  const level = reference === undefined ? null : place(y.at(reference.y))
  const guide = diagonal
    ? `M${place(x.at(0))} ${place(y.at(0))}L${place(x.at(1))} ${place(y.at(1))}`
    : level === null
      ? ''
      : `M${left} ${level}H${width - right}`
  const happened = (happenings?.all ?? []).map(
    ({ x: at, name, full, text: what }) =>
      html`<circle class="mark m-${name}${full ? '' : ' hollow'}" cx="${place(x.at(at))}" cy="${top}" r="4"
        ><title>${what}</title></circle
      >`,
  )
  const content = [
    axes(frame, x, ticks, y, unit),
    html`<path class="guide" d="${guide}" />`,
    ...drawn,
    ...happened,
  ]
  return html`<figure>
    <figcaption>
      <h3>${title}</h3>
      <p>${text}</p>
      ${legend(chart)}
    </figcaption>
    ${drawing(frame, title, content)}${behind(chart)}
  </figure>`
}

function isMarked({ marked, points }: Line, y: number, reference = Infinity): boolean {
  return marked === 'all' || points.length === 1 || (marked === 'above' && y > reference)
}

function legend({ lines, reference, happenings, small = false }: LineChart): Markup | null {
  if (small && reference === undefined) return null
  const items = [...new Set(lines.map(({ name }) => name))].map(
    (name) => html`<li class="m-${name}">${name}</li>`,
  )
  const all = happenings?.all ?? []
  const kinds = [true, false].flatMap((full) =>
    all.some((one) => one.full === full)
      ? html`<li class="${full ? 'dot' : 'dot hollow'}">${full ? happenings!.full : happenings!.hollow}</li>`
      : [],
  )
  return html`<ul class="legend">
    ${items}${reference === undefined ? null : html`<li class="aim">${reference.label}</li>`}${kinds}
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
