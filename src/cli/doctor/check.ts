/** One line of the doctor's answer. `fail`: the daemon cannot run like this; `warn`: it runs, but worse than it could. */
export interface Check {
  readonly name: string
  readonly status: 'ok' | 'warn' | 'fail'
  readonly detail: string
  /** What to do about it; present whenever the status is not `ok`. */
  readonly hint?: string
}

export function ok(name: string, detail: string): Check {
  return { name, status: 'ok', detail }
}

export function warn(name: string, detail: string, hint: string): Check {
  return { name, status: 'warn', detail, hint }
}

export function fail(name: string, detail: string, hint: string): Check {
  return { name, status: 'fail', detail, hint }
}

export function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
