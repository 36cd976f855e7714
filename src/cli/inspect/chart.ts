import type { Forecast } from '../../core/forecast/format.js'

export interface Point {
  readonly ts: number
  readonly value: number
}

const WIDTH = 900
const HEIGHT = 340
const MARGIN = { top: 40, right: 20, bottom: 40, left: 64 }

/**
 * A forecast over what was observed before and since, as SVG: observations as a line, quantile bands as areas from the
 * widest inwards, the median on top.
 * @param targets time stamps (ms) of the forecast's steps
 */
export function forecastChart(
  forecast: Forecast,
  targets: readonly number[],
  observed: readonly Point[],
): string {
  const { quantiles } = forecast
  const levels = Object.keys(quantiles).sort((a, b) => Number(a) - Number(b))
  const bands = levels.map((level) => quantiles[level] ?? [])
  const values = [...observed.map(({ value }) => value), ...bands.flat()]
  const times = [...observed.map(({ ts }) => ts), ...targets]
  const x = scale(Math.min(...times), Math.max(...times), MARGIN.left, WIDTH - MARGIN.right)
  const pad = (Math.max(...values) - Math.min(...values)) * 0.05 || 1
  const y = scale(Math.min(...values) - pad, Math.max(...values) + pad, HEIGHT - MARGIN.bottom, MARGIN.top)
  const middle = (levels.length - 1) / 2
  const areas = levels.slice(0, middle).map((_, i) => {
    const up = targets.map((ts, h) => `${x(ts)},${y(bands[levels.length - 1 - i]![h]!)}`)
    const down = targets.map((ts, h) => `${x(ts)},${y(bands[i]![h]!)}`).reverse()
    return `<polygon points="${[...up, ...down].join(' ')}" fill="#0072b2" fill-opacity="0.2"/>`
  })
  const line = (points: readonly Point[], colour: string, width: number): string =>
    `<polyline points="${points.map(({ ts, value }) => `${x(ts)},${y(value)}`).join(' ')}" fill="none" stroke="${colour}" stroke-width="${String(width)}"/>`
  const median = targets.map((ts, h) => ({ ts, value: bands[middle]![h]! }))
  const origin = Date.parse(forecast.origin)
  const outer = `${String(Math.round((Number(levels.at(-1)) - Number(levels[0])) * 100))} %`
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${String(WIDTH)} ${String(HEIGHT)}" font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="#ffffff"/>
<text x="${String(MARGIN.left)}" y="22" font-size="14" fill="#222222">${escape(forecast.series)}: forecast of ${escape(forecast.model)} from ${escape(forecast.origin)}, median and ${outer} band, against what was observed</text>
${[...yAxis(values, y), ...xAxis(times, x)].join('\n')}
<line x1="${x(origin)}" x2="${x(origin)}" y1="${String(MARGIN.top)}" y2="${String(HEIGHT - MARGIN.bottom)}" stroke="#888888" stroke-dasharray="4 4"/>
${areas.join('\n')}
${line(median, '#0072b2', 2)}
${line(observed, '#d55e00', 1.5)}
</svg>
`
}

function scale(from: number, to: number, low: number, high: number): (value: number) => string {
  const unit = to > from ? (high - low) / (to - from) : 0
  return (value) => (low + (value - from) * unit).toFixed(1)
}

function yAxis(values: readonly number[], y: (value: number) => string): string[] {
  const low = Math.min(...values)
  const high = Math.max(...values)
  return [low, (low + high) / 2, high].map(
    (value) =>
      `<line x1="${String(MARGIN.left)}" x2="${String(WIDTH - MARGIN.right)}" y1="${y(value)}" y2="${y(value)}" stroke="#eeeeee"/>` +
      `<text x="${String(MARGIN.left - 8)}" y="${y(value)}" text-anchor="end" dominant-baseline="middle" fill="#555555">${Number(value.toPrecision(4)).toString()}</text>`,
  )
}

function xAxis(times: readonly number[], x: (value: number) => string): string[] {
  const low = Math.min(...times)
  const high = Math.max(...times)
  return Array.from({ length: 5 }, (_, i) => low + ((high - low) * i) / 4).map((ts, i) => {
    const anchor = i === 0 ? 'start' : i === 4 ? 'end' : 'middle'
    const text = new Date(ts).toISOString().slice(0, 16).replace('T', ' ')
    return `<text x="${x(ts)}" y="${String(HEIGHT - 14)}" text-anchor="${anchor}" fill="#555555">${text}</text>`
  })
}

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (c) => `&#${String(c.charCodeAt(0))};`)
}
