/** One of the daemon's server-sent events, its data as JSON. */
export interface ServerEvent {
  readonly event: string
  readonly data: unknown
}

/** Characters of an event, at most: what is longer is none of the daemon's. */
const LONGEST = 1 << 24

/** Reads a stream of server-sent events until it ends; rejects when it breaks. */
export async function* serverEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator<ServerEvent> {
  const text = new TextDecoder()
  let buffer = ''
  for await (const chunk of body) {
    buffer += text.decode(chunk, { stream: true })
    for (let end = buffer.indexOf('\n\n'); end >= 0; end = buffer.indexOf('\n\n')) {
      const event = eventIn(buffer.slice(0, end))
      buffer = buffer.slice(end + 2)
      if (event !== null) yield event
    }
    if (buffer.length > LONGEST) throw new Error('what answers sends no events')
  }
}

function eventIn(block: string): ServerEvent | null {
  const lines = block.split('\n')
  const field = (name: string): string | undefined =>
    lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2)
  const data = field('data')
  return data === undefined ? null : { event: field('event') ?? 'message', data: JSON.parse(data) as unknown }
}
