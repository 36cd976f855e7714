/** Pixels of a column and of a row of Grafana's grid. */
const COLUMN = 50
const ROW = 30
const GAP = 8
const COLOURS = ['#73bf69', '#f2cc0c', '#5794f2', '#ff9830', '#f2495c', '#b877d9', '#8ab8ff', '#96d98d']
/** Pixels of a letter, about, and of a row of names. */
const LETTER = 6
const NAMES_ROW = 15
const MOST_NAME_ROWS = 2

/**
 * A dashboard as SVG, laid out as Grafana would.
 * @param panels { title, kind: 'row' | 'lines' | 'figures' | 'rows', at: {x, y, w, h}, unit, series | rows }
 */
export function dashboardSvg(title, panels) {
  const height = Math.max(...panels.map(({ at }) => at.y + at.h)) * ROW + 2 * ROW
  const width = 24 * COLUMN
  const body = panels.map((panel) => {
    const { x, y, w, h } = panel.at
    const box = { w: w * COLUMN - GAP, h: h * ROW - GAP }
    return `<g transform="translate(${x * COLUMN + GAP / 2} ${(y + 1.5) * ROW})">${drawn(panel, box)}</g>`
  })
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11" fill="#ccccdc">` +
    `<rect width="${width}" height="${height}" fill="#111217"/>` +
    `<text x="8" y="26" font-size="16">${escaped(title)}</text>${body.join('\n')}</svg>\n`
  )
}

function drawn(panel, box) {
  if (panel.kind === 'row') return text(2, 20, panel.title, { 'font-size': 14 })
  const frame = `<rect width="${box.w}" height="${box.h}" fill="#181b1f" stroke="#2c3235"/>`
  const head = text(8, 16, panel.title, { 'font-size': 12, fill: '#fff' })
  if (panel.kind === 'figures') return frame + head + figures(panel, box)
  return frame + head + (panel.kind === 'rows' ? table(panel, box) : lines(panel, box))
}

function figures({ series, unit }, box) {
  const each = (box.w - 16) / Math.max(1, series.length)
  return series
    .map(({ name, points }, i) => {
      const value = formatted(points.at(-1)?.[1], unit)
      const at = 8 + i * each
      return (
        text(at, box.h / 2 + 14, value, { 'font-size': 22, fill: '#73bf69' }) + text(at, box.h - 10, name)
      )
    })
    .join('')
}

function table({ rows }, box) {
  const columns = Object.keys(rows[0] ?? {})
  const room = (box.w - 16) / Math.max(1, columns.length)
  const line = (values, y) =>
    values.map((value, i) => text(8 + i * room, y, shortened(String(value), room - LETTER))).join('')
  const shown = rows.slice(0, Math.floor((box.h - 50) / 18))
  return line(columns, 38) + shown.map((row, i) => line(Object.values(row), 58 + 18 * i)).join('')
}

function lines({ title, series, unit, min, max }, box) {
  const inBand = new Set(bandsOf(series).flat())
  const plain = series.filter((one) => !inBand.has(one))
  const names = legend(plain, title, box)
  const plot = { left: 56, top: 28, right: box.w - 10, bottom: box.h - 25 - NAMES_ROW * names.rows }
  const points = series.flatMap((one) => one.points)
  const values = points.map(([, value]) => value).filter(Number.isFinite)
  if (values.length === 0) return text(box.w / 2 - 20, box.h / 2, 'No data')
  const times = points.map(([time]) => time)
  const [from, to] = [Math.min(...times), Math.max(...times)]
  const ticks = roundTicks(Math.min(min ?? Infinity, ...values), Math.max(max ?? -Infinity, ...values), unit)
  const [low, high] = [ticks[0], ticks.at(-1)]
  const x = (time) =>
    Math.round(plot.left + ((plot.right - plot.left) * (time - from)) / Math.max(1, to - from))
  const y = (value) => Math.round(plot.bottom - ((plot.bottom - plot.top) * (value - low)) / (high - low))
  const grid = ticks
    .map(
      (value) =>
        `<path d="M${plot.left} ${y(value)}H${plot.right}" stroke="#2c3235"/>` +
        text(plot.left - 6, y(value) + 4, formatted(value, unit), { 'text-anchor': 'end' }),
    )
    .join('')
  const ends =
    text(plot.left, plot.bottom + 14, clock(from)) +
    text(plot.right, plot.bottom + 14, clock(to), { 'text-anchor': 'end' })
  const coordinates = (part) => part.map(([time, value]) => `${x(time)} ${y(value)}`)
  const bands = bandsOf(series).map(([lower, upper], i) => {
    const outline = [...coordinates(lower.points), ...coordinates(upper.points).reverse()].join('L')
    return `<path d="M${outline}Z" fill="${COLOURS[(2 + i) % COLOURS.length]}" opacity="0.25"/>`
  })
  const paths = plain.map(({ points: part }, i) =>
    runs(part)
      .map((run) => `<path d="M${coordinates(run).join('L')}" fill="none" stroke="${colour(i)}"/>`)
      .join(''),
  )
  return grid + ends + bands.join('') + paths.join('') + names.drawn
}

/** Names of lines in one row or two, and how many there was no room for. */
function legend(series, title, box) {
  const right = box.w - 10
  const placed = []
  let [at, row] = [12, 0]
  for (const { name } of series) {
    const label = shortened(name, right - 30)
    const width = 14 + LETTER * label.length + 14
    if (at + width > right && at > 12) [at, row] = [12, row + 1]
    if (row === MOST_NAME_ROWS) break
    placed.push({ label, at, row })
    at += width
  }
  const rows = Math.min(MOST_NAME_ROWS, row + 1)
  const y = (one) => box.h - 11 - NAMES_ROW * (rows - 1 - one.row)
  const drawn = placed.map(
    (one, i) =>
      `<rect x="${one.at}" y="${y(one) - 5}" width="10" height="3" fill="${colour(i)}"/>` +
      text(one.at + 14, y(one), one.label),
  )
  const left = series.length - placed.length
  // Beside the title, where that leaves room.
  if (left > 0 && 7 * title.length + 90 < box.w)
    drawn.push(text(right, 16, `and ${left} more`, { 'text-anchor': 'end' }))
  return { rows, drawn: drawn.join('') }
}

/** Bytes are counted in MiB, long times in days; of everything else the unit is one. */
const COUNTED_IN = { bytes: () => 2 ** 20, s: (most) => (most >= 86_400 ? 86_400 : 1) }

/** Two to five values, 1, 2 or 5 times a power of ten apart, that span what is drawn. */
function roundTicks(low, most, unit) {
  const one = COUNTED_IN[unit]?.(Math.abs(most)) ?? 1
  const rough = (most > low ? most - low : 1) / one / 3
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].map((digit) => digit * power).find((candidate) => candidate >= rough * 0.999)
  const first = Math.floor(low / one / step + 1e-6)
  const last = Math.max(first + 1, Math.ceil(most / one / step - 1e-6))
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step * one)
}

/** Lower and upper lines of bands. */
function bandsOf(series) {
  const named = (name) => series.find((one) => one.name === name)
  return [
    [named('lower'), named('upper')],
    [named('fanLower'), named('fanUpper')],
  ].filter((pair) => pair.every((one) => one !== undefined && one.points.length > 0))
}

/** Without what is no number. */
function runs(points) {
  const all = [[]]
  for (const point of points) {
    if (Number.isFinite(point[1])) all.at(-1).push(point)
    else if (all.at(-1).length > 0) all.push([])
  }
  return all.filter((run) => run.length > 0)
}

function colour(i) {
  return COLOURS[i % COLOURS.length]
}

function shortened(name, room) {
  const most = Math.max(1, Math.floor(room / LETTER))
  return name.length > most ? `${name.slice(0, most - 1)}…` : name
}

function formatted(value, unit) {
  if (value === undefined || !Number.isFinite(value)) return '–'
  if (unit === 'percentunit') return `${Math.round(100 * value)} %`
  if (unit === 'bytes') return `${(value / 2 ** 20).toFixed(0)} MiB`
  const plain =
    Math.abs(value) >= 1e4 ? `${(value / 1e3).toFixed(1)} k` : String(Number(value.toPrecision(3)))
  if (unit === 's' && Math.abs(value) >= 86_400) return `${Math.round(value / 86_400)} d`
  return unit === 's' ? `${plain} s` : unit === 'cps' ? `${plain}/s` : plain
}

function clock(ms) {
  return new Date(ms).toISOString().slice(5, 19).replace('T', ' ')
}

function text(x, y, content, attributes = {}) {
  const more = Object.entries(attributes).map(([name, value]) => ` ${name}="${value}"`)
  return `<text x="${Math.round(x)}" y="${Math.round(y)}"${more.join('')}>${escaped(content)}</text>`
}

function escaped(content) {
  return String(content).replace(/[<>&"]/g, (character) => `&#${character.charCodeAt(0)};`)
}
