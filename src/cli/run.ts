import type { Command } from 'commander'
import { loadOrCreateToken } from '../adapters/http/token.js'
import { startHttp } from '../adapters/http/server.js'
import { ConfigError } from '../config/error.js'
import type { Config } from '../config/types.js'
import { BrokerError } from '../ports/broker.js'
import { DeviceError } from './cuda-probe.js'
import { systemClock } from '../ports/clock.js'
import { resolveLogFormat } from '../telemetry/logger.js'
import { startupText } from '../telemetry/startup-text.js'
import { createTelemetry } from '../telemetry/telemetry.js'
import { Terminal } from '../telemetry/terminal.js'
import { addConfigOptions, configFrom, type ConfigOptions } from './config-options.js'
import type { CliContext } from './context.js'
import { Daemon } from './daemon.js'
import { DemoFeed } from './demo.js'

type Options = ConfigOptions & { readonly demo?: true }

export function registerRun(program: Command, context: CliContext): void {
  addConfigOptions(
    program
      .command('run')
      .description(
        'run the daemon: consume, forecast, publish, train, serve HTTP; Ctrl-C or SIGTERM stops it, and started again it goes on where it stopped',
      ),
  )
    .option('--demo', 'feed the bundled data into the topics electricity, traffic, weather and stocks')
    .action((options: Options) => run(options, context))
}

async function run(options: Options, context: CliContext): Promise<void> {
  let config: Config
  try {
    config = configFrom(options, context)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    context.stderr.write(`${error.message}\n`)
    context.exit(1)
    return
  }
  const terminal = new Terminal({ stream: context.stderr, isTTY: context.isTTY, clock: systemClock })
  const telemetry = createTelemetry({
    level: config.log.level,
    format: resolveLogFormat(config.log.format, context.isTTY),
    destination: terminal,
    colour: context.isTTY,
    version: context.version,
  })
  const { logger } = telemetry
  const over = new AbortController()
  let code = 0
  const failed = (error: unknown): void => {
    logger.fatal({ err: error }, 'the daemon cannot go on')
    code = 1
    over.abort()
  }
  let feed: DemoFeed | undefined
  try {
    const token = await loadOrCreateToken(config.dataDir, config.http.token)
    const daemon = await Daemon.start({
      config,
      telemetry,
      clock: systemClock,
      pid: context.pid,
      env: context.env,
      failed,
      prepare: async (broker) => {
        if (options.demo !== true) return
        feed = new DemoFeed(broker, logger)
        await feed.feedHistory(config.pipelines.map(({ topic }) => topic))
      },
    })
    try {
      const http = await startHttp({ ...config.http, token: token.value, control: daemon, telemetry })
      try {
        const { name, version, devices } = daemon.engine.backend
        const pipelines = config.pipelines
        terminal.write(
          startupText({
            version: context.version,
            url: http.url,
            tokenFile: token.file,
            backend: `${name} ${version} (${devices.join(', ')})`,
            pipelines,
          }),
        )
        terminal.start(() => daemon.pipelines())
        feed?.startLive()
        await ended(AbortSignal.any([context.signal, over.signal]))
        logger.info('stopping')
      } finally {
        terminal.stop()
        await http.close()
      }
    } finally {
      await feed?.stop()
      await daemon.close()
    }
    logger.info('stopped')
  } catch (error) {
    const expected =
      error instanceof BrokerError ||
      error instanceof DeviceError ||
      (error instanceof Error && 'code' in error)
    context.stderr.write(
      `tidecast: ${expected ? error.message : String(error instanceof Error ? error.stack : error)}\n`,
    )
    code = 1
  }
  if (code !== 0) context.exit(code)
}

function ended(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else
      signal.addEventListener(
        'abort',
        () => {
          resolve()
        },
        { once: true },
      )
  })
}
