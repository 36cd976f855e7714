/** Dots of a braille character: two across, four down; Unicode's bits for them, by row and column. */
const DOTS = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
] as const
const BRAILLE = 0x2800

/** What a character of a plot belongs to. */
export type Layer = 'observed' | 'median' | 'band' | 'origin' | 'none'

export interface PlotCell {
  readonly text: string
  readonly layer: Layer
}

export interface PlotData {
  /** Oldest first; `null`: missing. */
  readonly observed: readonly (number | null)[]
  /** By step ahead; all three of one length, which may be 0. */
  readonly lower: readonly number[]
  readonly median: readonly number[]
  readonly upper: readonly number[]
}

export interface Plot {
  /** [rows, columns] */
  readonly cells: readonly (readonly PlotCell[])[]
  /** Of the lowest and the highest row of dots. */
  readonly low: number
  readonly high: number
  /** Column of the newest observation. */
  readonly origin: number
}

/**
 * A fan chart in characters: what was observed, then the median and the band around it, one place each on the way across.
 * Lines are of braille dots, eight to a character.
 */
export function plot(data: PlotData, columns: number, rows: number): Plot {
  const { observed, lower, median, upper } = data
  const [low, high] = range([...observed, ...lower, ...median, ...upper])
  const places = Math.max(2, observed.length + median.length)
  const dotsAcross = columns * 2
  const dotsDown = rows * 4
  const x = (place: number): number => Math.round((place / (places - 1)) * (dotsAcross - 1))
  const y = (value: number): number => Math.round(((high - value) / (high - low)) * (dotsDown - 1))
  const bits = new Uint8Array(columns * rows)
  const owners = new Array<Layer>(columns * rows).fill('none')
  const origin = Math.floor(x(Math.max(0, observed.length - 1)) / 2)
  for (let row = 0; row < rows; row++) owners[row * columns + origin] = 'origin'

  // The band reaches from the origin on: there it has no width yet.
  const start = observed.at(-1) ?? null
  const edge = (steps: readonly number[]): (number | null)[] => [start, ...steps]
  const first = observed.length - 1
  across(edge(lower), first, x, y, (column, bottom) => {
    const top = at(edge(upper), first, x, y, column)
    if (top === null) return
    for (let row = Math.floor(top / 4); row <= Math.floor(bottom / 4); row++) {
      owners[row * columns + Math.floor(column / 2)] = 'band'
    }
  })
  const line = (values: readonly (number | null)[], from: number, layer: Layer): void => {
    let before: number | null = null
    let previous = -2
    across(values, from, x, y, (column, dot) => {
      const joins = before !== null && column === previous + 1
      const [a, b] = joins ? [Math.min(before!, dot), Math.max(before!, dot)] : [dot, dot]
      for (let one = a; one <= b; one++) {
        const cell = Math.floor(one / 4) * columns + Math.floor(column / 2)
        bits[cell]! |= DOTS[one % 4]![column % 2]!
        owners[cell] = layer
      }
      before = dot
      previous = column
    })
  }
  line(edge(median), first, 'median')
  line(observed, 0, 'observed')
  const cells = Array.from({ length: rows }, (_, row) =>
    Array.from({ length: columns }, (_, column): PlotCell => {
      const cell = row * columns + column
      return { text: character(bits[cell]!, owners[cell]!), layer: owners[cell]! }
    }),
  )
  return { cells, low, high, origin }
}

function character(bits: number, layer: Layer): string {
  if (bits > 0) return String.fromCharCode(BRAILLE + bits)
  return layer === 'band' ? '░' : layer === 'origin' ? '┊' : ' '
}

/** Calls `draw` for each column of dots that the values reach, with the row of dots in between them. */
function across(
  values: readonly (number | null)[],
  from: number,
  x: (place: number) => number,
  y: (value: number) => number,
  draw: (column: number, dot: number) => void,
): void {
  for (const [i, value] of values.entries()) {
    if (value === null || from + i < 0) continue
    const here = x(from + i)
    const next = values[i + 1] ?? null
    draw(here, y(value))
    if (next === null) continue
    const there = x(from + i + 1)
    for (let column = here + 1; column < there; column++) {
      draw(column, y(value + ((next - value) * (column - here)) / (there - here)))
    }
  }
}

/** The row of dots at one column; `null` where the values do not reach it. */
function at(
  values: readonly (number | null)[],
  from: number,
  x: (place: number) => number,
  y: (value: number) => number,
  wanted: number,
): number | null {
  let found: number | null = null
  across(values, from, x, y, (column, dot) => {
    if (column === wanted) found = dot
  })
  return found
}

function range(values: readonly (number | null)[]): [number, number] {
  const known = values.filter((value) => value !== null)
  if (known.length === 0) return [0, 1]
  const low = Math.min(...known)
  const high = Math.max(...known)
  const pad = (high - low) * 0.04 || Math.abs(high) * 0.04 || 1
  return [low - pad, high + pad]
}
