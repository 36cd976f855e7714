import { setTimeout as pause } from 'node:timers/promises'
import type { Command } from 'commander'
import { addConfigOptions, configFrom, type ConfigOptions } from './config-options.js'
import type { CliContext } from './context.js'
import { addressOf } from './http/address.js'
import { frame, type FrameSize } from './watch/frame.js'
import { Screen, sizeOf, type ScreenStream } from './watch/screen.js'
import { chooseSeries, WatchedSeries } from './watch/watched-series.js'

interface Options extends ConfigOptions {
  readonly pipeline?: string
  readonly once?: true
}

const RETRY_MS = 1000

export function registerWatch(program: Command, context: CliContext): void {
  const command = program
    .command('watch')
    .argument('[series]', 'its id; without one, the series that was observed last')
    .description(
      'draw a series and its forecast in the terminal, live from the running daemon; q or Ctrl-C ends it',
    )
    .option('--pipeline <name>', 'where several have a series of that id')
    .option('--once', 'one frame as plain text; so it is too where the output is no terminal')
    .addHelpText(
      'after',
      `
What was observed is a line; right of the dotted one comes the forecast: its median in the outermost band.
NO_COLOR=1 leaves colours out.`,
    )
  addConfigOptions(command).action((series: string | undefined, options: Options) =>
    run(series, options, context),
  )
}

async function run(series: string | undefined, options: Options, context: CliContext): Promise<void> {
  const { http } = configFrom(options, context)
  const address = addressOf(http)
  const choice = await chooseSeries(address, options.pipeline, series)
  const stdout: ScreenStream = context.stdout
  const watched = await WatchedSeries.open(address, choice)
  if (options.once === true || stdout.isTTY !== true) {
    context.stdout.write(`${frame(watched.view, sizeOf(stdout), false).join('\n')}\n`)
    return
  }
  const colour = (context.env['NO_COLOR'] ?? '') === '' && context.env['TERM'] !== 'dumb'
  const keys = context.stdin?.isTTY === true ? context.stdin : undefined
  const over = new AbortController()
  const signal = AbortSignal.any([context.signal, over.signal])
  const lines = (size: FrameSize): string[] => frame(watched.view, size, colour)
  const screen = new Screen(stdout, keys, lines, () => over.abort())
  watched.changed = () => screen.touch()
  screen.open()
  try {
    // Until `signal` fires, which the pause rejects with.
    for (;;) {
      await watched.follow(signal).catch(() => undefined)
      watched.lost()
      await pause(RETRY_MS, undefined, { signal })
    }
  } catch (error) {
    if (!isAbort(error)) throw error
  } finally {
    screen.close()
  }
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError'
}
