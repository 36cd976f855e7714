/** JSON5 as people write it: names without quotes where they need none, short lists on one line. */
export function printJson5(value: unknown, indent = ''): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map((one) => printJson5(one, indent)).join(', ')}]`
  const entries = Object.entries(value)
  if (entries.length === 0) return '{}'
  const deeper = `${indent}  `
  const lines = entries.map(([key, child]) => `${deeper}${nameOf(key)}: ${printJson5(child, deeper)},`)
  return `{\n${lines.join('\n')}\n${indent}}`
}

function nameOf(key: string): string {
  return /^[A-Za-z_]\w*$/.test(key) ? key : JSON.stringify(key)
}
