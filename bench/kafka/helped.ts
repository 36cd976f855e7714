import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** The other end of `Helper`: what the program was started for. */
export function task(): unknown {
  return JSON.parse(process.argv[2]!)
}

/**
 * Says that it is ready, and waits until standard input ends.
 * @param told called with what is told meanwhile
 */
export async function helping(told: (word: string) => void = () => undefined): Promise<void> {
  const input = createInterface({ input: process.stdin }).on('line', told)
  process.stdout.write('"ready"\n')
  await once(input, 'close')
}

export function found(result: object): void {
  process.stdout.write(`${JSON.stringify(result)}\n`)
}
