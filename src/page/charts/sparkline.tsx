interface Props {
  /** Oldest first. */
  readonly values: readonly number[]
  /** Drawn as a line of its own: what the values are to be compared with. */
  readonly reference: number
  readonly label: string
}

const WIDTH = 120
const HEIGHT = 28

/** A line as small as a word. */
export function Sparkline({ values, reference, label }: Props) {
  const [low, high] = [Math.min(reference, ...values), Math.max(reference, ...values)]
  const y = (value: number): string =>
    (HEIGHT - 3 - ((value - low) / (high - low || 1)) * (HEIGHT - 6)).toFixed(1)
  const step = WIDTH / Math.max(1, values.length - 1)
  const points = values.map((value, i) => `${(i * step).toFixed(1)},${y(value)}`).join(' ')
  return (
    <svg class="sparkline" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label}>
      <line class="reference" x1="0" x2={WIDTH} y1={y(reference)} y2={y(reference)} />
      {values.length > 1 ? <polyline points={points} /> : null}
    </svg>
  )
}
