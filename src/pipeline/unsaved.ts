/** How the states in memory differ from the stored ones: what the next snapshot has to write and to remove. */
export class Unsaved {
  /** Series whose stored rows the next snapshot removes. */
  readonly deleted = new Set<string>()
  private changed: Uint8Array
  private slots: number[] = []
  /** Slots whose stored rows are as made under the network before: they hold, and are stored anew some at a time. */
  private renewed: readonly number[] = []

  constructor(capacity: number) {
    this.changed = new Uint8Array(capacity)
  }

  /** The slot's state differs from the stored one. */
  touch(slot: number): void {
    if (this.changed[slot] === 1) return
    this.changed[slot] = 1
    this.slots.push(slot)
  }

  /** Slots that have changed. */
  get count(): number {
    return this.slots.length
  }

  /** These slots have changed in nothing but the network that their hidden states are of. */
  renew(slots: readonly number[]): void {
    this.renewed = slots
  }

  /**
   * What is to be written now.
   * @param mostRenewed of the slots that only another network has changed, so many at most
   * @returns `saved`: to be called once it is durable, before anything changes
   */
  take(mostRenewed: number): {
    readonly slots: readonly number[]
    readonly deleted: string[]
    readonly saved: () => void
  } {
    const { slots } = this
    const renewed = this.renewed.slice(0, mostRenewed)
    return {
      slots: [...slots, ...renewed.filter((slot) => this.changed[slot] === 0)],
      deleted: [...this.deleted],
      saved: () => {
        this.deleted.clear()
        for (const slot of slots) this.changed[slot] = 0
        if (this.slots === slots) this.slots = []
        this.renewed = this.renewed.slice(renewed.length)
      },
    }
  }

  grow(capacity: number): void {
    const changed = new Uint8Array(capacity)
    changed.set(this.changed)
    this.changed = changed
  }
}
