import type { Figure } from './figure.js'
import { pytorch } from './pytorch.js'

/** The same work three times: seconds of ours and of tf.layers', and what PyTorch is to be asked for. */
export interface Row {
  readonly name: string
  /** Arguments of bench/python/cells.py. */
  readonly job: object
  readonly tidecast: number
  readonly layers: number
}

/** Times and ratios of each row; a ratio above 1 says how many times faster this project is. */
export async function beside(rows: readonly Row[]): Promise<Figure[]> {
  const answers = await pytorch('cells.py', JSON.stringify(rows.map(({ job }) => job)))
  return rows.flatMap(({ name, tidecast, layers }, i): Figure[] => {
    const figures = [
      { name, value: tidecast * 1e6, unit: 'µs' },
      { name: `${name}, tf.layers / Tidecast`, value: layers / tidecast, unit: 'times' },
    ]
    if (answers === null) return figures
    const { seconds } = answers[i] as { readonly seconds: number }
    return [...figures, { name: `${name}, PyTorch / Tidecast`, value: seconds / tidecast, unit: 'times' }]
  })
}
