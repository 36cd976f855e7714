import { setTimeout as pause } from 'node:timers/promises'
import type { Command } from 'commander'
import { addConfigOptions, configFrom, type ConfigOptions } from './config-options.js'
import type { CliContext } from './context.js'
import { urlOf } from './replay/http-client.js'
import { frame } from './watch/frame.js'
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
  const url = urlOf(http)
  const choice = await chooseSeries(url, options.pipeline, series)
  const stdout: ScreenStream = context.stdout
  const over = new AbortController()
  const signal = AbortSignal.any([context.signal, over.signal])
  let screen: Screen | undefined
  const watched = await WatchedSeries.open(url, choice, () => screen?.touch())
  if (options.once === true || stdout.isTTY !== true) {
    const size = sizeOf(stdout)
    context.stdout.write(`${frame(watched.view, size, false).join('\n')}\n`)
    return
  }
  const colour = (context.env['NO_COLOR'] ?? '') === '' && context.env['TERM'] !== 'dumb'
  const keys = context.stdin?.isTTY === true ? context.stdin : undefined
  screen = new Screen(
    stdout,
    keys,
    (size) => frame(watched.view, size, colour),
    () => over.abort(),
  )
  screen.open()
  try {
    while (!signal.aborted) {
      await watched.follow(signal).catch(() => undefined)
      if (signal.aborted) break
      watched.lost()
      await pause(RETRY_MS, undefined, { signal }).catch(() => undefined)
    }
  } finally {
    screen.close()
  }
}
