import type { Command } from 'commander'
import { fileURLToPath } from 'node:url'
import { readPage } from '../adapters/http/page-files.js'
import { loadOrCreateToken, type Token } from '../adapters/http/token.js'
import { startHttp, type HttpServer } from '../adapters/http/server.js'
import { ConfigError } from '../config/error.js'
import type { Config } from '../config/types.js'
import { secretsIn } from '../config/values.js'
import { loadWithOrigins, type Loaded } from '../config/load.js'
import { BrokerError } from '../ports/broker.js'
import { DeviceError } from './cuda-probe.js'
import { systemClock } from '../ports/clock.js'
import { LastLines } from '../telemetry/last-lines.js'
import { resolveLogFormat } from '../telemetry/logger.js'
import { startupText } from '../telemetry/startup-text.js'
import { createTelemetry } from '../telemetry/telemetry.js'
import { Terminal } from '../telemetry/terminal.js'
import { BacktestDesk } from './backtest-desk.js'
import { addConfigOptions, configSources, type ConfigOptions } from './config-options.js'
import { masker } from '../core/secrets.js'
import type { CliContext } from './context.js'
import { CrashReports, type Crashed } from './crash-reports.js'
import type { Daemon, DaemonOptions } from './daemon.js'
import { DemoFeed } from './demo.js'
import { EXIT } from './exit-codes.js'
import { ConfigDesk } from './reload/config-desk.js'
import { Reloader } from './reload/reloader.js'
import { FrontDesk, startDaemon } from './start-daemon.js'

/** Where set-up puts the page. */
const PAGE = fileURLToPath(new URL('../../page', import.meta.url))

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
  const sources = configSources(options, context)
  let loaded: Loaded
  try {
    loaded = loadWithOrigins(sources)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    context.stderr.write(`${error.message}\n`)
    context.exit(EXIT.configuration)
    return
  }
  const { config } = loaded
  const terminal = new Terminal({ stream: context.stderr, isTTY: context.isTTY, clock: systemClock })
  const lines = new LastLines(terminal)
  const telemetry = createTelemetry({
    level: config.log.level,
    levels: config.log.levels,
    format: resolveLogFormat(config.log.format, context.isTTY),
    destination: lines,
    colour: context.isTTY,
    version: context.version,
  })
  const { logger } = telemetry
  const over = new AbortController()
  let code: number = 0
  let running = config
  const hide = (now: Config, { value }: Pick<Token, 'value'>): void => {
    lines.shown = masker([...secretsIn(now), value])
  }
  hide(config, { value: '' })
  const reports = new CrashReports({
    context,
    config: () => running,
    lines,
    clock: systemClock,
  })
  const crashed = (what: Crashed, error: unknown): void => {
    const report = reports.write(what, error)
    if (report !== null) logger.error({ report }, 'a crash report was written')
  }
  const failed = (error: unknown): void => {
    logger.fatal({ err: error }, 'the daemon cannot go on')
    code = isExpected(error) ? EXIT.failed : EXIT.crashed
    if (code === EXIT.crashed) crashed('daemon', error)
    over.abort()
  }
  context.onCrash?.((error) => {
    logger.fatal({ err: error }, 'nothing has caught an error: the process ends')
    crashed('daemon', error)
  })
  const stopping = AbortSignal.any([context.signal, over.signal])
  let deadline: NodeJS.Timeout | undefined
  const hurry = (): void => {
    deadline ??= setTimeout(() => {
      logger.fatal({}, 'not stopped in time: what was not committed is read again at the next start')
      context.quit?.(EXIT.late)
    }, running.shutdown.timeout)
  }
  // From the moment it is asked for: a start under way has to end first.
  stopping.addEventListener('abort', hurry, { once: true })
  let feed: DemoFeed | undefined
  let http: HttpServer | undefined
  let backtests: BacktestDesk | undefined
  let daemon: Daemon | null = null
  try {
    let token = await loadOrCreateToken(config.dataDir, config.http.token)
    hide(config, token)
    try {
      const desk = new FrontDesk()
      backtests = new BacktestDesk(context.env)
      const reloader = new Reloader({
        sources,
        loaded,
        apply: async (diff, next) => {
          const given = await loadOrCreateToken(next.dataDir, next.http.token)
          if (desk.daemon === undefined) throw new Error('the daemon is still starting')
          await desk.daemon.reconfigure(diff, next)
          if (next.http.tls !== null) http?.renew(next.http.tls)
          token = given
          running = next
          hide(next, given)
        },
        telemetry,
        clock: systemClock,
      })
      context.onHangUp?.(() => {
        reloader.hangUp()
      })
      http = await startHttp({
        ...config.http,
        token: () => token.value,
        control: desk,
        learning: desk,
        models: desk,
        configuration: new ConfigDesk(reloader, desk),
        views: desk,
        backtests,
        page: await readPage(PAGE),
        telemetry,
      })
      logger.info({ url: http.url }, 'HTTP answers')
      const wanted: DaemonOptions = {
        config,
        telemetry,
        clock: systemClock,
        pid: context.pid,
        env: context.env,
        failed,
        trainerCrashed: (error) => {
          crashed('trainer', error)
        },
        ticking: () => {
          reloader.look()
        },
        prepare: async (broker) => {
          if (options.demo !== true) return
          feed = new DemoFeed(broker, logger)
          await feed.feedHistory(config.pipelines.map(({ topic }) => topic))
        },
      }
      daemon = await startDaemon(wanted, desk, stopping)
      if (daemon !== null) {
        const { name, version, devices } = daemon.engine.backend
        terminal.write(
          startupText({
            version: context.version,
            url: http.url,
            tokenFile: token.file,
            backend: `${name} ${version} (${devices.join(', ')})`,
            pipelines: config.pipelines,
          }),
        )
        terminal.start(() => desk.pipelines())
        feed?.startLive()
        await ended(stopping)
      }
      logger.info('stopping')
    } finally {
      hurry()
      terminal.stop()
      backtests?.close()
      await http?.close()
      await feed?.stop()
      await daemon?.close()
      clearTimeout(deadline)
    }
    logger.info('stopped')
  } catch (error) {
    if (isExpected(error)) {
      terminal.write(lines.shown(`tidecast: ${error.message}\n`))
      code = EXIT.failed
    } else {
      terminal.write(lines.shown(`tidecast: ${String(error instanceof Error ? error.stack : error)}\n`))
      crashed('daemon', error)
      code = EXIT.crashed
    }
  }
  if (code !== 0) context.exit(code)
}

/** What a person can put right: a stack would tell them nothing. */
function isExpected(error: unknown): error is Error {
  return (
    error instanceof BrokerError ||
    error instanceof DeviceError ||
    (error instanceof Error && 'code' in error)
  )
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
