import { useEffect, useState } from 'preact/hooks'

/** A value that parts of the page look at together. */
export class Store<T> {
  private readonly listeners = new Set<() => void>()

  constructor(private present: T) {}

  get value(): T {
    return this.present
  }

  set(value: T): void {
    if (Object.is(value, this.present)) return
    this.present = value
    for (const listener of [...this.listeners]) listener()
  }

  /** @returns how to stop listening */
  subscribe(listener: () => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }
}

/** The store's value, and a new drawing when it changes. */
export function useStore<T>(store: Store<T>): T {
  const [, redraw] = useState(0)
  useEffect(() => store.subscribe(() => redraw((count) => count + 1)), [store])
  return store.value
}
