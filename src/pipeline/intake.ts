import type { PipelineConfig, RejectPolicy } from '../config/types.js'
import { Decoder, TOMBSTONE, type RejectReason } from '../core/decode.js'
import type { LogRecord } from '../ports/broker.js'
import type { Advance } from './advance.js'
import type { PartitionStates } from './partition-states.js'
import type { Provenance } from './provenance.js'

/** The first half of a record's way: it becomes grid steps of its series, or a dead letter. */
export class Intake {
  private readonly decoder: Decoder

  constructor(
    private readonly config: PipelineConfig,
    private readonly states: PartitionStates,
    private readonly provenance: Provenance,
  ) {
    this.decoder = new Decoder(config)
  }

  /** Of the latest tombstone. */
  get series(): string {
    return this.decoder.out.series
  }

  /** Decodes a record and puts it on the grid, or rejects it. A tombstone is for the caller to carry out. */
  accept(
    record: LogRecord,
    i: number,
    publish: boolean,
    result: Advance,
  ): Promise<void> | typeof TOMBSTONE | undefined {
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
    const slot = this.states.acquire(this.decoder.out.series)
    if (typeof slot === 'number') {
      this.align(slot, record, i, ts, value, publish, result)
      return undefined
    }
    return slot.then((s) => {
      this.align(s, record, i, ts, value, publish, result)
    })
  }

  private align(
    slot: number,
    record: LogRecord,
    i: number,
    ts: number,
    value: number,
    publish: boolean,
    result: Advance,
  ): void {
    if (this.states.hasSeen(slot, record.offset)) return
    const outcome = this.states.aligner.accept(slot, ts, value, i)
    // Also without a step the grid may have changed the row: an open interval, or the time stamp it will compare with.
    this.states.touch(slot)
    if (outcome === 'accepted') result.accepted++
    else this.reject(record, outcome, '', this.config.reject[outcome], publish, result)
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
    result.outputs.push({
      topic: this.config.deadLetter,
      timestamp: record.timestamp,
      key: record.key,
      value: record.value,
      headers: {
        ...record.headers,
        'tidecast-reason': Buffer.from(reason),
        ...(detail === '' ? {} : { 'tidecast-detail': Buffer.from(detail) }),
        ...this.provenance.of(record.offset),
      },
    })
  }
}
