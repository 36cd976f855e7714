import type { ChartModel } from './chart-model.js'
import { colour } from './colours.js'
import { DASHES } from './dashes.js'

/** Heights in CSS pixels. */
const LINE = 20
const EDGE = 12
const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif'

/** A chart as a picture that stands alone: its title, its legend, and what is drawn, on the chart's background. */
export function pngOf(drawn: HTMLCanvasElement, { title, lines }: ChartModel): Promise<Blob | null> {
  const ratio = drawn.width / drawn.clientWidth
  const canvas = document.createElement('canvas')
  const context = canvas.getContext('2d')
  if (context === null) return Promise.resolve(null)
  const width = drawn.clientWidth
  const shown = lines.filter(({ shape }) => shape !== 'edge')
  context.font = `12px ${FONT}`
  const places = wrapped(
    shown.map(({ label }) => context.measureText(label).width + 40),
    width - 2 * EDGE,
  )
  const head = EDGE + LINE * (2 + (places.at(-1)?.row ?? 0))
  canvas.width = drawn.width
  canvas.height = Math.round(head * ratio) + drawn.height
  context.fillStyle = getComputedStyle(drawn.closest('.chart') ?? document.documentElement).backgroundColor
  context.fillRect(0, 0, canvas.width, canvas.height)
  context.drawImage(drawn, 0, Math.round(head * ratio))
  context.scale(ratio, ratio)
  context.textBaseline = 'middle'
  context.fillStyle = colour('text')
  context.font = `600 14px ${FONT}`
  context.fillText(title, EDGE, EDGE + LINE / 2, width - 2 * EDGE)
  context.font = `12px ${FONT}`
  shown.forEach(({ label, role, shape }, i) => {
    const { row, left } = places[i]!
    const [x, y] = [EDGE + left, EDGE + LINE * (row + 1.5)]
    context.strokeStyle = colour(role)
    context.lineWidth = shape === 'thin' ? 1 : 2
    context.setLineDash(DASHES[shape] ?? [])
    context.beginPath()
    if (shape === 'rings' || shape === 'dots') context.arc(x + 10, y, 4, 0, 2 * Math.PI)
    else {
      context.moveTo(x, y)
      context.lineTo(x + 20, y)
    }
    context.stroke()
    context.fillText(label, x + 26, y)
  })
  return new Promise((resolve) => {
    canvas.toBlob(resolve, 'image/png')
  })
}

/** Where boxes of these widths come when they are set in rows. */
function wrapped(
  widths: readonly number[],
  width: number,
): readonly { readonly row: number; readonly left: number }[] {
  let row = 0
  let left = 0
  return widths.map((own) => {
    if (left > 0 && left + own > width) [row, left] = [row + 1, 0]
    const place = { row, left }
    left += own
    return place
  })
}
