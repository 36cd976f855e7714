/** One line of a benchmark's output. */
export interface Figure {
  readonly name: string
  readonly value: number
  readonly unit: string
}
