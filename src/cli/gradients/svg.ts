import type { Profile } from './protocol.js'

const WIDTH = 760
const HEIGHT = 420
const PLOT = { left: 60, right: 560, top: 20, bottom: 370 } as const
/** Powers of ten shown: what has vanished below, or grown beyond, is drawn at the edge. */
const LOWEST = -12
const HIGHEST = 4
const COLOURS = ['#c0392b', '#e67e22', '#8e44ad', '#7fb3d5', '#1f618d', '#82e0aa', '#1e8449']

/** The profiles over the lag, on a logarithmic scale. */
export function profileSvg(profiles: readonly Profile[]): string {
  const lags = profiles[0]!.norms.length - 1
  const x = (lag: number): string => (PLOT.left + ((PLOT.right - PLOT.left) * lag) / lags).toFixed(1)
  const y = (power: number): string => {
    const shown = Math.max(LOWEST, Math.min(HIGHEST, power))
    return (PLOT.top + ((PLOT.bottom - PLOT.top) * (HIGHEST - shown)) / (HIGHEST - LOWEST)).toFixed(1)
  }
  const grid = Array.from({ length: (HIGHEST - LOWEST) / 4 + 1 }, (_, i) => LOWEST + 4 * i).map(
    (power) =>
      `<path d="M${PLOT.left} ${y(power)}H${PLOT.right}" stroke="#ddd"/>` +
      `<text x="${PLOT.left - 8}" y="${y(power)}" text-anchor="end" dy="4">1e${power}</text>`,
  )
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const lag = Math.round(share * lags)
    return `<text x="${x(lag)}" y="${PLOT.bottom + 20}" text-anchor="middle">${lag}</text>`
  })
  const line = (norms: readonly number[], style: string): string => {
    const points = norms.map((norm, lag) => `${x(lag)},${y(Math.log10(norm))}`).join(' ')
    return `<polyline points="${points}" fill="none" stroke-width="2" ${style}/>`
  }
  const lines = profiles.map(({ name, norms, loss }, i) => {
    const colour = COLOURS[i % COLOURS.length]!
    const legend = PLOT.top + 20 + 22 * i
    return (
      line(norms, `stroke="${colour}"`) +
      (loss === null ? '' : line(loss, `stroke="${colour}" stroke-dasharray="4 4"`)) +
      `<text x="${PLOT.right + 16}" y="${legend}" fill="${colour}">${name}</text>`
    )
  })
  const dashed = profiles.some(({ loss }) => loss !== null) ? '; dashed: of the loss' : ''
  const title = `<text x="${PLOT.left}" y="${HEIGHT - 8}">‖∂h(t)/∂s(t−k)‖ / √hidden against the lag k${dashed}</text>`
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="13">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    ...grid,
    ...ticks,
    ...lines,
    title,
    '</svg>\n',
  ].join('\n')
}
