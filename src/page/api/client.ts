/** Parameters of a query; those that are undefined are left out. */
export type Query = Readonly<Record<string, string | number | undefined>>

/** What the daemon answered instead of what was asked for, in its words. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  constructor(
    /** 0: there was no answer. */
    readonly status: number,
    readonly code: string,
    message: string,
    /** What else the answer says of it. */
    readonly details: Readonly<Record<string, unknown>> = {},
  ) {
    super(message)
  }
}

/** Address within the daemon, relative to the page, so that it works below a proxy's path. */
export function pathOf(path: string, query: Query = {}): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as [string, string]],
  )
  const text = new URLSearchParams(given).toString()
  return text === '' ? path : `${path}?${text}`
}

/** Address of what belongs to a pipeline. */
export function ofPipeline(pipeline: string, rest: string, query: Query = {}): string {
  return pathOf(`api/v1/pipelines/${encodeURIComponent(pipeline)}/${rest}`, query)
}

/** @throws ApiError; an `AbortError` when `signal` fires */
export async function request<T>(path: string, init: RequestInit = {}): Promise<T> {
  const headers = new Headers(init.headers)
  headers.set('accept', 'application/json')
  let response: Response
  let text: string
  try {
    response = await fetch(path, { ...init, headers })
    // Also of an answer that has begun the rest may not come.
    text = await response.text()
  } catch (error) {
    if (init.signal?.aborted === true) throw error
    throw new ApiError(0, 'unreachable', 'The daemon does not answer.')
  }
  const body = parsed(text)
  if (response.ok) {
    if (body === null) throw new ApiError(response.status, 'unknown', 'The answer is not one of the daemon.')
    return body as T
  }
  const { error } = (body ?? {}) as {
    readonly error?: { readonly code: string; readonly message: string; readonly [detail: string]: unknown }
  }
  const message = error?.message ?? `The daemon answered ${response.status}.`
  throw new ApiError(response.status, error?.code ?? 'unknown', message, error)
}

/** null where it is no JSON, such as a proxy's own words. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
