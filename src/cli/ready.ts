import { setTimeout as delay } from 'node:timers/promises'
import { InvalidArgumentError, type Command } from 'commander'
import { parseDuration, printDuration } from '../config/units.js'
import { addConfigOptions, configFrom, type ConfigOptions } from './config-options.js'
import type { CliContext } from './context.js'
import { addressAt, addressOf, type Address } from './http/address.js'

type Options = ConfigOptions & {
  readonly url?: string
  readonly live?: true
  readonly wait: number
}

/** A daemon that does not answer for so long is not well, whatever it answers then. */
const ANSWER_MS = 4000
const BETWEEN_MS = 250

/** For what starts and watches daemons: health checks of containers, service managers, scripts. */
export function registerReady(program: Command, context: CliContext): void {
  const command = program
    .command('ready')
    .description('whether the running daemon forecasts: exit code 0, or 1 and the reason')
    .option('--url <url>', 'where it listens (default: http.host and http.port of the configuration)')
    .option('--live', 'ask only whether it is alive, as a health check does')
    .option('--wait <duration>', 'go on asking for so long, such as 2m', duration, 0)
  addConfigOptions(command).action(async (options: Options) => {
    const base =
      options.url === undefined ? addressOf(configFrom(options, context).http) : addressAt(options.url)
    const reason = await untilReady(base, options, context)
    if (reason === null) context.stdout.write(options.live === true ? 'alive\n' : 'ready\n')
    else {
      context.stderr.write(`tidecast: ${reason}\n`)
      context.exit(1)
    }
  })
}

function duration(text: string): number {
  const ms = parseDuration(text)
  if (ms === undefined) throw new InvalidArgumentError('Expected a duration such as 90s or 2m.')
  return ms
}

/** `null` when it is, else why not. */
async function untilReady(
  base: Address,
  { live, wait }: Options,
  { signal }: CliContext,
): Promise<string | null> {
  const url = new URL(live === true ? '/healthz' : '/readyz', base.url)
  const until = performance.now() + wait
  for (;;) {
    const reason = await ask(url, base.fetch, signal)
    const left = until - performance.now()
    if (reason === null || left <= 0 || signal.aborted) {
      return reason === null || wait === 0 ? reason : `not within ${printDuration(wait)}: ${reason}`
    }
    await delay(Math.min(BETWEEN_MS, left), undefined, { signal }).catch(() => undefined)
  }
}

async function ask(url: URL, fetch: Address['fetch'], stopped: AbortSignal): Promise<string | null> {
  try {
    const signal = AbortSignal.any([stopped, AbortSignal.timeout(ANSWER_MS)])
    const answer = await fetch(url, { signal })
    if (answer.ok) return null
    const { status, reason } = (await answer.json()) as { status?: unknown; reason?: unknown }
    return [status, reason].filter((text) => typeof text === 'string').join(': ') || `HTTP ${answer.status}`
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
    return `no daemon answers at ${url.origin}: ${cause instanceof Error ? cause.message : String(cause)}`
  }
}
