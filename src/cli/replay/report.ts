import type { CliContext } from '../context.js'
import { ProgressBar } from '../progress-bar.js'
import type { ReplayOutcome, ReplayProgress } from './replay.js'
import type { Target } from './target.js'

export interface ReplayAbout {
  readonly file: string
  readonly topic: string
  /** Rows that were appended before. */
  readonly before: number
  /** A pipeline of the configuration reads the topic. */
  readonly isRead: boolean
  readonly json: boolean
}

/** What a person or a program is told of a replay: progress to standard error, the outcome to standard output. */
export class ReplayReport {
  private readonly bar: ProgressBar
  private began = performance.now()
  private rows: number
  private share = 0

  constructor(
    private readonly context: CliContext,
    private readonly about: ReplayAbout,
  ) {
    this.bar = new ProgressBar(context, 'replaying')
    this.rows = about.before
  }

  started({ description }: Target): void {
    const { file, topic, before, isRead } = this.about
    this.began = performance.now()
    this.say(`replaying ${file} into topic "${topic}" through ${description}`)
    if (!isRead) this.say(`note: no pipeline of the configuration reads topic "${topic}"`)
    if (before > 0) this.say(`resuming after row ${before}`)
  }

  progress({ rows, expectedRows }: ReplayProgress): void {
    this.rows = rows
    const rate = this.rate()
    const left = rate > 0 ? `, ${duration((expectedRows - rows) / rate)} to go` : ''
    this.share = rows / expectedRows
    this.bar.show(this.share, `${rows} rows, ${Math.round(rate)}/s${left}`)
  }

  busy(seconds: number): void {
    this.bar.show(this.share, `${this.rows} rows; the daemon has too much to do: waiting ${seconds} s`)
  }

  alreadyFinished(): void {
    const { file, topic, before, json } = this.about
    if (json) this.print({ kind: 'finished', rows: before, via: null })
    else {
      this.context.stdout.write(
        `All ${before} rows of ${file} are in topic "${topic}" already. Use --restart to append them once more.\n`,
      )
    }
  }

  ended(outcome: ReplayOutcome): void {
    const { file, topic, before, json } = this.about
    const { rows } = outcome
    this.rows = rows
    const stopped = outcome.kind === 'stopped'
    if (stopped) this.leaveBar()
    else this.bar.done(`${rows} rows`)
    if (json) this.print(outcome)
    else if (stopped) {
      this.context.stdout.write(
        `Stopped after row ${rows} of ${file}. The same command goes on from there.\n`,
      )
    } else {
      const figures = `in ${this.seconds().toFixed(1)} s (${Math.round(this.rate())}/s)`
      this.context.stdout.write(`${rows - before} rows appended to topic "${topic}" ${figures}.\n`)
    }
  }

  failed(): void {
    this.leaveBar()
    const { file, topic, before } = this.about
    if (this.rows > before) this.say(`the first ${this.rows} rows of ${file} are in topic "${topic}"`)
  }

  /** What is written next must not go on in the bar's line. */
  private leaveBar(): void {
    if (this.context.isTTY && this.share > 0) this.context.stderr.write('\n')
  }

  private print({
    kind,
    rows,
    via,
  }: Pick<ReplayOutcome, 'kind' | 'rows'> & { via: Target['kind'] | null }): void {
    const { file, topic, before } = this.about
    const seconds = via === null ? 0 : this.seconds()
    this.context.stdout.write(
      `${JSON.stringify({ outcome: kind, file, topic, via, rows, before, appended: rows - before, seconds })}\n`,
    )
  }

  private say(text: string): void {
    this.context.stderr.write(`${text}\n`)
  }

  private seconds(): number {
    return (performance.now() - this.began) / 1000
  }

  private rate(): number {
    return (this.rows - this.about.before) / Math.max(1e-3, this.seconds())
  }
}

function duration(seconds: number): string {
  if (seconds < 100) return `${Math.ceil(seconds)} s`
  if (seconds < 6000) return `${Math.ceil(seconds / 60)} min`
  return `${Math.ceil(seconds / 3600)} h`
}
