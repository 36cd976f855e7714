/** The replay cannot go on, for a reason that the person at the terminal can do something about; the message says what. */
export class ReplayError extends Error {
  override readonly name = 'ReplayError'
}
