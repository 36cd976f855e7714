import { pino } from 'pino'
import type { Logger } from 'pino'
import { prettyFactory } from 'pino-pretty'

export type { Logger }
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error'

/** What a log line is written to: the least that pino asks of a stream. */
export interface LogDestination {
  write(chunk: string): unknown
}

export interface LoggerOptions {
  readonly level: LogLevel
  readonly format: 'json' | 'pretty'
  readonly destination: LogDestination
  readonly colour?: boolean
}

/** `auto` is readable on a terminal and JSON anywhere else. */
export function resolveLogFormat(format: 'auto' | 'json' | 'pretty', isTTY: boolean): 'json' | 'pretty' {
  return format === 'auto' ? (isTTY ? 'pretty' : 'json') : format
}

/** Written in this process and at once: a transport in a worker would lose the last lines before a crash. */
export function createLogger({ level, format, destination, colour = false }: LoggerOptions): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: {
        paths: ['token', 'authorization', '*.token', '*.authorization', 'req.headers.authorization'],
      },
    },
    format === 'json' ? destination : prettyDestination(destination, colour),
  )
}

function prettyDestination(destination: LogDestination, colorize: boolean): LogDestination {
  const pretty = prettyFactory({
    colorize,
    singleLine: true,
    translateTime: 'SYS:HH:MM:ss',
    ignore: 'pid,hostname',
  })
  return { write: (chunk) => destination.write(pretty(chunk)) }
}
