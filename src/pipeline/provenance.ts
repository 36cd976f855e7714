import type { RecordHeaders } from '../ports/broker.js'
import type { PartitionMarks } from './partition-meta.js'

const ONCE_MORE = Buffer.from('1')

/** Headers that say which record of the input an output was made from: `tidecast-topic`, `-partition` and `-offset`; `tidecast-repeat` where that was made before. */
export class Provenance {
  private readonly topic: Uint8Array
  private readonly partition: Uint8Array

  constructor(
    topic: string,
    partition: number,
    private readonly states: { readonly marks: PartitionMarks },
  ) {
    this.topic = Buffer.from(topic)
    this.partition = Buffer.from(String(partition))
  }

  of(offset: number): RecordHeaders {
    const { repeatBefore = 0 } = this.states.marks
    const headers = {
      'tidecast-topic': this.topic,
      'tidecast-partition': this.partition,
      'tidecast-offset': Buffer.from(String(offset), 'latin1'),
    }
    return offset < repeatBefore ? { 'tidecast-repeat': ONCE_MORE, ...headers } : headers
  }
}
