import { InvalidArgumentError, Option } from 'commander'
import { ACTIVATIONS, CELLS } from '../core/network-spec.js'

/** `--cell` and `--activation`, the same for all commands that take them. */
export const cellOption = (): Option =>
  new Option('--cell <kind>', 'recurrent cell').choices(CELLS).default('lstm')
export const activationOption = (): Option =>
  new Option('--activation <function>', 'activation of the vanilla cell, rnn')
    .choices(ACTIVATIONS)
    .default('tanh')

/** Parser of a whole number of at least `least`, and at most `most`. */
export function wholeNumber(least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (text.trim() !== '' && Number.isSafeInteger(value) && value >= least && value <= most) return value
    const end = most < Number.MAX_SAFE_INTEGER ? ` to ${most}` : ''
    throw new InvalidArgumentError(`Expected a whole number from ${least}${end}.`)
  }
}

export function positiveNumber(text: string): number {
  const value = Number(text)
  if (value > 0 && value < Infinity) return value
  throw new InvalidArgumentError('Expected a number above 0.')
}

export function shareBelow1(text: string): number {
  const value = Number(text)
  if (value > 0 && value < 1) return value
  throw new InvalidArgumentError('Expected a number between 0 and 1.')
}
