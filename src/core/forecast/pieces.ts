/** A large buffer handed out in pieces: records that are written one after the other need no memory of their own. */
export class Pieces {
  buffer: Buffer
  /** Where the next piece begins. */
  at = 0

  /** @param bytes size of a buffer; it lives as long as one of its pieces */
  constructor(private readonly bytes = 1 << 20) {
    this.buffer = Buffer.allocUnsafe(bytes)
  }

  /** Makes room for so many bytes from `at` on. */
  reserve(room: number): void {
    if (this.buffer.length - this.at >= room) return
    this.buffer = Buffer.allocUnsafe(Math.max(this.bytes, room))
    this.at = 0
  }

  /** What has been written from `at` up to `end`; it stays as it is. */
  cut(end: number): Buffer {
    const { buffer, at } = this
    this.at = end
    return buffer.subarray(at, end)
  }
}
