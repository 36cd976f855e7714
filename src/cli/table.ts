/** Columns of text under their names: the first `left` of them to the left, the others, numbers, to the right. */
export function table(names: readonly string[], rows: readonly (readonly string[])[], left = 1): string {
  const widths = names.map((name, i) => Math.max(name.length, ...rows.map((row) => row[i]?.length ?? 0)))
  const line = (cells: readonly string[]): string =>
    widths
      .map((width, i) => (i < left ? (cells[i] ?? '').padEnd(width) : (cells[i] ?? '').padStart(width)))
      .join('  ')
      .trimEnd()
  return [names, ...rows].map((cells) => `${line(cells)}\n`).join('')
}
