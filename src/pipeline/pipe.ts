import {
  concatMap,
  defer,
  EMPTY,
  fromEvent,
  map,
  mergeMap,
  repeat,
  retry,
  takeUntil,
  timer,
  type Observable,
} from 'rxjs'
import type { PartitionLease } from '../ports/broker.js'
import type { SettledBatch } from './settle.js'

/** What the pipe asks of a partition at work. */
export interface Worker {
  /** Takes the records through decode, grid, step, calibrate; publishes, commits; alone on the partition's states. */
  process(batch: Awaited<ReturnType<PartitionLease['next']>>): Promise<SettledBatch>
}

/** Records of the first batch after a restore; each batch after it may have twice as many as the one before. */
const FIRST_RECORDS = 256

/**
 * The life of one partition: restore, then batch after batch until it is revoked.
 * RxJS has no back-pressure of its own. Here the source is asked again (`repeat`) only when the batch before has been
 * settled: the call of `next` is the credit, one batch is in flight, and nothing queues up in an operator.
 * At first batches are small: each of their series has yet to be read from the store, and their forecasts wait for the last.
 * Whatever fails takes the states back to the last commit: the partition is restored, and the batch comes again.
 */
export function partitionPipe(
  lease: PartitionLease,
  restore: (lease: PartitionLease) => Promise<Worker>,
  maxRecords: number,
  failed: (error: unknown, attempt: number) => number,
): Observable<SettledBatch> {
  return defer(() => restore(lease)).pipe(
    mergeMap((worker) => {
      let most = FIRST_RECORDS / 2
      return defer(() => lease.next((most = Math.min(2 * most, maxRecords)))).pipe(
        concatMap((batch) => worker.process(batch)),
        repeat(),
      )
    }),
    retry({
      delay: (error, attempt) => (lease.revoked.aborted ? EMPTY : timer(failed(error, attempt))),
      resetOnSuccess: true,
    }),
    takeUntil(fromEvent(lease.revoked, 'abort').pipe(map(() => undefined))),
  )
}
