import type { PipelineConfig, RejectPolicy } from '../config/types.js'
import { Decoder, TOMBSTONE, type RejectReason } from '../core/decode.js'
import type { SchemaLookup } from '../core/value-format.js'
import type { LogRecord } from '../ports/broker.js'
import type { Advance } from './advance.js'
import { deadLetter } from './dead-letter.js'
import { F64, F64_WIDTH } from '../core/layout.js'
import { REFUSED, type PartitionStates } from './partition-states.js'
import type { Provenance } from './provenance.js'

/** The record is of a series that is to be forgotten before it; then it comes again. */
export const IDLE = 'idle'

/** What is left to be done about a record. */
export type Left = typeof TOMBSTONE | typeof IDLE | undefined

/** The first half of a record's way: it becomes grid steps of its series, or a dead letter. */
export class Intake {
  private readonly decoder: Decoder

  constructor(
    private readonly config: PipelineConfig,
    private readonly states: PartitionStates,
    private readonly provenance: Provenance,
    lookup: SchemaLookup | null,
    /** Bytes of the largest record that may be published. */
    private readonly maxRecordBytes: number,
  ) {
    this.decoder = new Decoder(config, lookup, states.symbols?.vocabulary ?? null)
  }

  /** To be awaited before these records are accepted. Rejects while the schema registry cannot be asked. */
  prepare(records: readonly LogRecord[]): Promise<void> | undefined {
    return this.decoder.prepare(records)
  }

  /** Of the latest record. */
  get series(): string {
    return this.decoder.out.series
  }

  /** Decodes a record and puts it on the grid, or rejects it. Series are for the caller to delete. */
  accept(record: LogRecord, i: number, publish: boolean, result: Advance): Promise<Left> | Left {
    const reason = this.decoder.decode(record.key, record.value, record.timestamp)
    if (reason === TOMBSTONE) {
      result.tombstones++
      return this.config.tombstones === 'delete' ? TOMBSTONE : undefined
    }
    if (reason !== null) {
      this.reject(record, reason, this.decoder.detail, this.config.reject.invalid, publish, result)
      return undefined
    }
    const { ts, value } = this.decoder.out
    const slot = this.states.acquire(this.decoder.out.series, record.timestamp)
    return typeof slot === 'number'
      ? this.align(slot, record, i, ts, value, publish, result)
      : slot.then((s) => this.align(s, record, i, ts, value, publish, result))
  }

  private align(
    slot: number,
    record: LogRecord,
    i: number,
    ts: number,
    value: number,
    publish: boolean,
    result: Advance,
  ): Left {
    if (slot === REFUSED) {
      this.reject(record, 'too-many-series', '', this.config.reject.newSeries, publish, result)
      return undefined
    }
    const { states } = this
    if (states.hasSeen(slot, record.offset)) return undefined
    if (states.isIdle(slot)) return IDLE
    const { f64 } = states.table
    const at = slot * F64_WIDTH
    // Of a series without a step yet, whatever comes says that it is not idle.
    if (Number.isNaN(f64[at + F64.due])) f64[at + F64.ts] = Math.max(f64[at + F64.ts]!, ts)
    const outcome = states.aligner.accept(slot, ts, value, i, this.decoder.covariates)
    // Also without a step the grid may have changed the row: an open interval, or the time stamp it will compare with.
    states.touch(slot)
    if (outcome === 'accepted') result.accepted++
    else this.reject(record, outcome, '', this.config.reject[outcome], publish, result)
    return undefined
  }

  private reject(
    record: LogRecord,
    reason: RejectReason,
    detail: string,
    policy: RejectPolicy,
    publish: boolean,
    result: Advance,
  ): void {
    result.rejected[reason] = (result.rejected[reason] ?? 0) + 1
    if (!publish || policy === 'drop') return
    const headers = {
      'tidecast-reason': Buffer.from(reason),
      ...(detail === '' ? {} : { 'tidecast-detail': Buffer.from(detail) }),
      ...this.provenance.of(record.offset),
    }
    result.outputs.push(deadLetter(this.config.deadLetter, record, headers, this.maxRecordBytes))
  }
}
