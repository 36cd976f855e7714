/** The end of a training stands unless its validation loss lies so much above the minimum: small rises are noise. */
const TOLERANCE = 1.08

export interface Checkpoint {
  readonly update: number
  /** NaN where there is nothing to validate on. */
  readonly loss: number
  readonly weights: Float32Array
}

/** Early stopping: keeps the newest weights and those at the minimum of the validation loss. */
export class Checkpoints {
  private best: Checkpoint | null = null
  private newest: Checkpoint | null = null

  add(checkpoint: Checkpoint): void {
    this.newest = checkpoint
    if (this.best === null || checkpoint.loss < this.best.loss) this.best = checkpoint
  }

  chosen(): Checkpoint {
    if (this.best === null || this.newest === null) throw new Error('no checkpoint was added')
    return this.newest.loss > TOLERANCE * this.best.loss ? this.best : this.newest
  }
}
