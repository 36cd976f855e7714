import type { FrameSize } from './frame.js'

const ALTERNATE = '\u001B[?1049h'
const PRIMARY = '\u001B[?1049l'
const HIDE_CURSOR = '\u001B[?25l'
const SHOW_CURSOR = '\u001B[?25h'
/** A character that is wider than the terminal says must not push the rest onto the next line. */
const NO_WRAP = '\u001B[?7l'
const WRAP = '\u001B[?7h'
const HOME = '\u001B[H'
const ERASE_LINE = '\u001B[K'
const ERASE_BELOW = '\u001B[0J'
const CTRL_C = '\u0003'
/** Frames come no faster. */
const PAUSE_MS = 100

/** A terminal that is drawn on. */
export interface ScreenStream extends NodeJS.WritableStream {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
}

/** A keyboard. */
export interface KeyStream extends NodeJS.ReadableStream {
  readonly isTTY?: boolean
  setRawMode?(mode: boolean): unknown
  unref?(): unknown
}

/** Draws frames in place on a screen of its own, and gives the terminal back as it was. */
export class Screen {
  private timer: NodeJS.Timeout | undefined
  private readonly resized = (): void => this.draw()

  constructor(
    private readonly stream: ScreenStream,
    private readonly keys: KeyStream | undefined,
    private readonly lines: (size: FrameSize) => readonly string[],
    private readonly quit: () => void,
  ) {}

  open(): void {
    this.stream.write(ALTERNATE + HIDE_CURSOR + NO_WRAP)
    this.stream.on('resize', this.resized)
    this.keys?.setRawMode?.(true)
    this.keys?.on('data', this.pressed)
    this.keys?.resume()
    this.draw()
  }

  close(): void {
    clearTimeout(this.timer)
    this.stream.removeListener('resize', this.resized)
    this.keys?.removeListener('data', this.pressed)
    this.keys?.setRawMode?.(false)
    this.keys?.pause()
    this.stream.write(WRAP + SHOW_CURSOR + PRIMARY)
  }

  /** Something to draw has changed. */
  touch(): void {
    this.timer ??= setTimeout(() => this.draw(), PAUSE_MS)
  }

  private draw(): void {
    clearTimeout(this.timer)
    this.timer = undefined
    const text = this.lines(sizeOf(this.stream)).map((line) => line + ERASE_LINE)
    this.stream.write(HOME + text.join('\r\n') + ERASE_BELOW)
  }

  private readonly pressed = (data: Buffer | string): void => {
    const text = data.toString()
    if (text.includes(CTRL_C) || /q/i.test(text)) this.quit()
  }
}

export function sizeOf({ columns, rows }: ScreenStream): FrameSize {
  return { columns: columns || 80, rows: rows || 24 }
}
