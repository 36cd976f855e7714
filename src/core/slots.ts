/**
 * Which series lives in which slot of a partition's tables, in order of use. Touching, finding the least recently used
 * and freeing cost the same however many series there are: the order is a doubly linked list in two arrays.
 */
export class SlotDirectory {
  private readonly bySeries = new Map<string, number>()
  private readonly names: (string | undefined)[] = []
  private readonly free: number[] = []
  /** Series that have come or gone so far: while it stays the same, so do names and slots. */
  changes = 0
  private newer: Int32Array
  private older: Int32Array
  private newest = NONE
  private oldest = NONE

  constructor(private capacity: number) {
    this.newer = new Int32Array(capacity).fill(NONE)
    this.older = new Int32Array(capacity).fill(NONE)
  }

  get size(): number {
    return this.bySeries.size
  }

  /** Slots ever in use are below this. */
  get extent(): number {
    return this.names.length
  }

  /** `undefined`: not resident. */
  find(series: string): number | undefined {
    return this.bySeries.get(series)
  }

  name(slot: number): string | undefined {
    return this.names[slot]
  }

  /** All resident series. */
  entries(): IterableIterator<[string, number]> {
    return this.bySeries.entries()
  }

  /** Gives a series that is not resident a slot. May exceed the table's capacity: grow it to `extent`. */
  add(series: string): number {
    this.changes++
    const slot = this.free.pop() ?? this.names.length
    this.names[slot] = series
    this.bySeries.set(series, slot)
    if (slot >= this.capacity) this.grow()
    this.link(slot)
    return slot
  }

  /** Marks a slot as the most recently used. */
  touch(slot: number): void {
    if (slot === this.newest) return
    this.unlink(slot)
    this.link(slot)
  }

  remove(slot: number): void {
    const series = this.names[slot]
    if (series === undefined) return
    this.changes++
    this.bySeries.delete(series)
    this.names[slot] = undefined
    this.unlink(slot)
    this.free.push(slot)
  }

  clear(): void {
    this.changes++
    this.bySeries.clear()
    this.names.length = 0
    this.free.length = 0
    this.newer.fill(NONE)
    this.older.fill(NONE)
    this.newest = this.oldest = NONE
  }

  /** Slots from the least recently used on. Slots may be removed while this runs. */
  *leastRecent(): Generator<number> {
    for (let slot = this.oldest; slot !== NONE;) {
      const next = this.newer[slot]!
      yield slot
      slot = next
    }
  }

  private link(slot: number): void {
    this.older[slot] = this.newest
    this.newer[slot] = NONE
    if (this.newest !== NONE) this.newer[this.newest] = slot
    else this.oldest = slot
    this.newest = slot
  }

  private unlink(slot: number): void {
    const newer = this.newer[slot]!
    const older = this.older[slot]!
    if (newer !== NONE) this.older[newer] = older
    else this.newest = older
    if (older !== NONE) this.newer[older] = newer
    else this.oldest = newer
  }

  private grow(): void {
    const wider = (old: Int32Array): Int32Array => {
      const next = new Int32Array(this.capacity * 2).fill(NONE)
      next.set(old)
      return next
    }
    this.newer = wider(this.newer)
    this.older = wider(this.older)
    this.capacity *= 2
  }
}

const NONE = -1
