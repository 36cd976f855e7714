import { orderOfNames } from '../../core/name-order.js'
import type { PartitionStates } from '../partition-states.js'
import { inTurns } from './turns.js'

/** Entries taken between two looks at the clock. */
const STRIDE = 2048

/** The resident series of some partitions, numbered from 0; it stands for as long as none comes or goes. */
export interface Roster {
  readonly partitions: readonly PartitionStates[]
  /** Of each partition's directory when the roster was begun. */
  readonly changes: readonly number[]
  readonly names: readonly string[]
  /** By number: which of the partitions, and the slot there. */
  readonly owners: Uint16Array
  readonly slots: Int32Array
  /** Numbers in the order of the names. */
  readonly byName: () => Promise<Uint32Array>
  /** Names in lower case. */
  readonly lowered: () => Promise<readonly string[]>
}

export async function rosterOf(partitions: readonly PartitionStates[]): Promise<Roster> {
  const changes = partitions.map(({ slots }) => slots.changes)
  const taken = await inTurns(take(partitions))
  const { names } = taken
  const byName = once(() => inTurns(orderOfNames(names)))
  const lowered = once(() => inTurns(lower(names)))
  return { partitions, changes, ...taken, byName, lowered }
}

/** Whether these are the same partitions, and no series has come or gone since. */
export function stands(roster: Roster, partitions: readonly PartitionStates[]): boolean {
  return (
    partitions.length === roster.partitions.length &&
    partitions.every(
      (states, i) => states === roster.partitions[i] && states.slots.changes === roster.changes[i],
    )
  )
}

function* take(
  partitions: readonly PartitionStates[],
): Generator<void, Pick<Roster, 'names' | 'owners' | 'slots'>> {
  const names: string[] = []
  const owners: number[] = []
  const slots: number[] = []
  for (const [owner, states] of partitions.entries()) {
    for (const [series, slot] of states.slots.entries()) {
      slots.push(slot)
      owners.push(owner)
      if (names.push(series) % STRIDE === 0) yield
    }
  }
  return { names, owners: Uint16Array.from(owners), slots: Int32Array.from(slots) }
}

function* lower(names: readonly string[]): Generator<void, readonly string[]> {
  const lowered: string[] = []
  for (const name of names) {
    if (lowered.push(name.toLowerCase()) % STRIDE === 0) yield
  }
  return lowered
}

/** Made when it is first asked for; whoever asks meanwhile waits for the same. */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => (made ??= make())
}
