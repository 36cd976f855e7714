/** Grid steps of a batch in the order in which they take effect; grows, is reused, allocates nothing per step. */
export class StepList {
  length = 0
  slots = new Int32Array(1024)
  index = new Float64Array(1024)
  ts = new Float64Array(1024)
  /** NaN = a masked step: a gap, or known to be missing. */
  value = new Float64Array(1024)
  /** Steps left out before this one because the gap was too long: the hidden state starts anew. */
  skipped = new Float64Array(1024)
  /** Position in the batch of the record that caused the step. */
  record = new Int32Array(1024)
  /** [capacity, covariates] NaN = missing. */
  covariates: Float64Array<ArrayBuffer>

  /** @param width number of covariates */
  constructor(readonly width = 0) {
    this.covariates = new Float64Array(1024 * width)
  }

  clear(): void {
    this.length = 0
  }

  /** @param covariates [width] only lent; `null`: all missing */
  push(
    slot: number,
    index: number,
    ts: number,
    value: number,
    skipped: number,
    record: number,
    covariates: ArrayLike<number> | null = null,
  ): void {
    if (this.length === this.slots.length) this.grow()
    const i = this.length++
    this.slots[i] = slot
    this.index[i] = index
    this.ts[i] = ts
    this.value[i] = value
    this.skipped[i] = skipped
    this.record[i] = record
    const { width } = this
    for (let c = 0; c < width; c++)
      this.covariates[i * width + c] = covariates === null ? NaN : covariates[c]!
  }

  private grow(): void {
    const size = this.slots.length * 2
    const wider = (old: Float64Array): Float64Array<ArrayBuffer> => {
      const next = new Float64Array(size)
      next.set(old)
      return next
    }
    const slots = new Int32Array(size)
    slots.set(this.slots)
    const record = new Int32Array(size)
    record.set(this.record)
    this.slots = slots
    this.record = record
    this.index = wider(this.index)
    this.ts = wider(this.ts)
    this.value = wider(this.value)
    this.skipped = wider(this.skipped)
    const covariates = new Float64Array(size * this.width)
    covariates.set(this.covariates)
    this.covariates = covariates
  }
}
