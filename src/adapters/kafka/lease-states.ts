import type { StateRow, StoredStates } from '../../ports/broker.js'
import type { PartitionStates } from '../embedded/group-store.js'

/** What a lease stores of its partition: read from the local copy, ended through the states topic. */
export class LeaseStates implements StoredStates {
  constructor(
    private readonly local: PartitionStates,
    private readonly end: () => Promise<void>,
  ) {}

  meta(): Promise<Uint8Array | null> {
    return this.local.meta()
  }

  load(): AsyncIterable<readonly StateRow[]> {
    return this.local.load()
  }

  get(series: string): StateRow | null {
    return this.local.get(series)
  }

  clear(): Promise<void> {
    return this.end()
  }
}
