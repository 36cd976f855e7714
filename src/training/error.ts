/** The closed list of why no network came out of a training. */
export type TrainingErrorCode =
  | 'too-little-data' // wait for more observations
  | 'nan-loss' // the loss is not finite: look at the data's limits, lower the learning rate
  | 'aborted' // by the caller

export class TrainingError extends Error {
  override readonly name = 'TrainingError'
  constructor(
    readonly code: TrainingErrorCode,
    message: string,
    /** True when the same call may succeed later without anything being changed by a person. */
    readonly retriable = code !== 'nan-loss',
  ) {
    super(message)
  }
}
