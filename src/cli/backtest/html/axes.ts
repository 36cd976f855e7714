import { html, type Markup } from './markup.js'
import { tickLabels, type Unit } from './numbers.js'
import type { Scale, Tick } from './scale.js'

/** Of a chart's drawing, in its own units; it is drawn as wide as there is room. */
export interface Frame {
  readonly width: number
  readonly height: number
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

/** Lines and labels behind a chart. */
export function axes(
  frame: Frame,
  x: Pick<Scale, 'at'>,
  xTicks: readonly Tick[],
  y: Scale,
  unit: Unit,
): Markup {
  const { width, height, left, right, top, bottom } = frame
  const foot = height - bottom
  const shown = y.ticks.filter((value) => y.at(value) >= top - 1 && y.at(value) <= foot + 1)
  const labels = tickLabels(shown, y.apart, unit)
  const rows = shown.map((value, i) => {
    const at = place(y.at(value))
    return html`<path class="grid" d="M${left} ${at}H${width - right}" /><text
        class="y"
        x="${left - 8}"
        y="${at}"
        >${labels[i]!}</text
      >`
  })
  const columns = xTicks.map(({ value, label }) => {
    const at = place(x.at(value))
    return html`<path class="tick" d="M${at} ${foot}v4" /><text class="x" x="${at}" y="${foot + 18}"
        >${label}</text
      >`
  })
  return html`<g aria-hidden="true"
    >${rows}<path class="axis" d="M${left} ${foot}H${width - right}" />${columns}</g
  >`
}

/** A drawing with its name and what it shows, for those who do not see it. */
export function drawing({ width, height }: Frame, name: string, content: readonly Markup[]): Markup {
  return html`<div class="drawing" role="region" aria-label="${name}" tabindex="0">
    <svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${name}">${content}</svg>
  </div>`
}

/** A tenth of a unit is finer than can be seen. */
export function place(value: number): string {
  return String(Math.round(value * 10) / 10)
}

/** A line through points; where there is none it is interrupted. */
export function path(points: readonly (readonly [number, number] | null)[]): string {
  let pen = 'M'
  let drawn = ''
  for (const point of points) {
    if (point === null) {
      pen = 'M'
      continue
    }
    // A point between two that are missing is a dot.
    drawn += `${pen}${place(point[0])} ${place(point[1])}${pen === 'M' ? 'h0' : ''}`
    pen = 'L'
  }
  return drawn
}
