import type { RecordHeaders } from '../ports/broker.js'

/** Headers that say which record of the input an output was made from: `tidecast-topic`, `-partition` and `-offset`. */
export class Provenance {
  private readonly topic: Uint8Array
  private readonly partition: Uint8Array

  constructor(topic: string, partition: number) {
    this.topic = Buffer.from(topic)
    this.partition = Buffer.from(String(partition))
  }

  of(offset: number): RecordHeaders {
    return {
      'tidecast-topic': this.topic,
      'tidecast-partition': this.partition,
      'tidecast-offset': Buffer.from(String(offset), 'latin1'),
    }
  }
}
