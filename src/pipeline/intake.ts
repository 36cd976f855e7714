import type { PipelineConfig, RejectPolicy } from '../config/types.js'
import { Decoder, type RejectReason } from '../core/decode.js'
import type { LogRecord } from '../ports/broker.js'
import type { Advance } from './advance.js'
import type { PartitionStates } from './partition-states.js'

/** The first half of a record's way: it becomes grid steps of its series, or a dead letter. */
export class Intake {
  private readonly decoder: Decoder

  constructor(
    private readonly config: PipelineConfig,
    private readonly states: PartitionStates,
    private readonly partition: number,
  ) {
    this.decoder = new Decoder(config)
  }

  /** Decodes a record and puts it on the grid, or rejects it. */
  accept(record: LogRecord, i: number, publish: boolean, result: Advance): Promise<void> | undefined {
    const reason = this.decoder.decode(record.key, record.value, record.timestamp)
    if (reason !== null) {
      this.reject(record, reason, this.config.reject.invalid, publish, result)
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
    else this.reject(record, outcome, this.config.reject[outcome], publish, result)
  }

  private reject(
    record: LogRecord,
    reason: RejectReason,
    policy: RejectPolicy,
    publish: boolean,
    result: Advance,
  ): void {
    result.rejected[reason] = (result.rejected[reason] ?? 0) + 1
    if (!publish || policy === 'drop') return
    const text = (value: string | number): Uint8Array => Buffer.from(String(value))
    result.outputs.push({
      topic: this.config.deadLetter,
      timestamp: record.timestamp,
      key: record.key,
      value: record.value,
      headers: {
        ...record.headers,
        'tidecast-reason': text(reason),
        'tidecast-topic': text(this.config.topic),
        'tidecast-partition': text(this.partition),
        'tidecast-offset': text(record.offset),
      },
    })
  }
}
