import type { KeyStream } from './watch/screen.js'

/** What a subcommand may use of its process; handed in by the composition root, replaced in tests. */
export interface CliContext {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  /** What the program was called with, without its own name. */
  readonly args: readonly string[]
  /** Absent where nobody types. */
  readonly stdin?: KeyStream
  readonly stdout: NodeJS.WritableStream
  readonly stderr: NodeJS.WritableStream
  readonly isTTY: boolean
  exit(code: number): void
  /** Calls back whenever the process is asked to look at its configuration again. Absent: never. */
  onHangUp?(listener: () => void): void
  /** Ends the process at once, whatever is under way. Absent: it cannot. */
  quit?(code: number): void
  /** Calls back with an error that nothing has caught; the process ends after that. Absent: never. */
  onCrash?(listener: (error: unknown) => void): void
  /** Node's version and platform. */
  readonly runtime?: string
  /** Aborted when the process is asked to end. */
  readonly signal: AbortSignal
  readonly pid: number
  /** Of the package. */
  readonly version: string
}
