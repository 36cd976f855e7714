import type { PartitionRef } from './keys.js'

/** Wakes those who wait for records of a partition: appending and consuming happen in the same process. */
export class AppendSignal {
  readonly #waiting = new Map<string, Set<() => void>>()

  notify(partitions: readonly PartitionRef[]): void {
    for (const partition of partitions) {
      const waiting = this.#waiting.get(keyOf(partition))
      this.#waiting.delete(keyOf(partition))
      for (const wake of waiting ?? []) wake()
    }
  }

  /** Resolves at the next append to the partition, or when `signal` is aborted. */
  wait(partition: PartitionRef, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const key = keyOf(partition)
      const waiting = this.#waiting.get(key) ?? new Set()
      this.#waiting.set(key, waiting)
      const abandon = (): void => {
        waiting.delete(wake)
        resolve()
      }
      const wake = (): void => {
        signal.removeEventListener('abort', abandon)
        resolve()
      }
      waiting.add(wake)
      signal.addEventListener('abort', abandon, { once: true })
    })
  }
}

function keyOf({ id, partition }: PartitionRef): string {
  return `${id}/${partition}`
}
