/** Reads server-sent events, as a browser's EventSource does. */
export class EventReader {
  readonly #waiting: { readonly event: string; readonly data: string }[] = []
  #wake = (): void => undefined
  /** Resolves when the server ends the stream; rejects when it breaks. */
  readonly ended: Promise<void>

  private constructor(
    body: ReadableStream<Uint8Array>,
    private readonly abort: AbortController,
  ) {
    this.ended = this.#read(body)
    this.ended.catch(() => undefined)
  }

  static async open(url: string): Promise<EventReader> {
    const abort = new AbortController()
    const response = await fetch(url, { signal: abort.signal })
    if (response.status !== 200 || response.body === null) {
      throw new Error(`${response.status}: ${await response.text()}`)
    }
    return new EventReader(response.body, abort)
  }

  /** The data of the next event of this kind; those of others before it are passed over. */
  async next(event: string): Promise<unknown> {
    for (;;) {
      const first = this.#waiting.shift()
      if (first?.event === event) return JSON.parse(first.data)
      if (first !== undefined) continue
      await Promise.race([new Promise<void>((resolve) => (this.#wake = resolve)), this.#over()])
    }
  }

  close(): void {
    this.abort.abort()
  }

  async #over(): Promise<never> {
    await this.ended
    throw new Error('the stream has ended')
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    const text = new TextDecoder()
    let buffer = ''
    for await (const chunk of body) {
      buffer += text.decode(chunk, { stream: true })
      for (let end = buffer.indexOf('\n\n'); end >= 0; end = buffer.indexOf('\n\n')) {
        this.#take(buffer.slice(0, end))
        buffer = buffer.slice(end + 2)
      }
    }
  }

  #take(block: string): void {
    const [event = '', data = ''] = ['event: ', 'data: '].map(
      (field) =>
        block
          .split('\n')
          .find((line) => line.startsWith(field))
          ?.slice(field.length) ?? '',
    )
    if (data === '') return
    this.#waiting.push({ event, data })
    this.#wake()
  }
}
