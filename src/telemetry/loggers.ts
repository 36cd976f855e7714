import { createLogger, type Logger, type LoggerOptions, type LogLevel } from './logger.js'

/** Parts of the program whose lines have a level of their own, where one is set. */
export const COMPONENTS = ['config', 'http', 'broker', 'engine', 'pipelines', 'training'] as const
export type Component = (typeof COMPONENTS)[number]

export interface LogLevels {
  readonly level: LogLevel
  /** `null`: the same. */
  readonly levels?: Readonly<Partial<Record<Component, LogLevel | null>>>
}

/** The loggers of one process. Levels can be changed while it runs. */
export class Loggers {
  /** Lines of no component. */
  readonly root: Logger
  private current: LogLevels
  private readonly made = new Map<Logger, Component>()

  constructor({ levels = {}, ...options }: LoggerOptions & LogLevels) {
    this.root = createLogger(options)
    this.current = { level: options.level, levels }
  }

  /** A new logger, whose lines name the component and what else is given. */
  of(component: Component, bindings: Readonly<Record<string, unknown>> = {}): Logger {
    const logger = this.root.child({ component, ...bindings }, { level: this.levelOf(component) })
    this.made.set(logger, component)
    return logger
  }

  /** A logger that is not needed any more. */
  forget(logger: Logger): void {
    this.made.delete(logger)
  }

  /** From now on. */
  change(levels: LogLevels): void {
    this.current = levels
    this.root.level = levels.level
    for (const [logger, component] of this.made) logger.level = this.levelOf(component)
  }

  private levelOf(component: Component): LogLevel {
    return this.current.levels?.[component] ?? this.current.level
  }
}
