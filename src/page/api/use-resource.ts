import { useEffect, useRef, useState } from 'preact/hooks'
import { useStore } from '../base/store.js'
import { live } from './live.js'
import { ApiError, request } from './client.js'

export interface Resource<T> {
  /** The newest that came; of an address asked before, nothing. */
  readonly data: T | undefined
  readonly error: ApiError | undefined
  readonly loading: boolean
  readonly reload: () => void
}

const RETRY_MS = 3000

/**
 * What the daemon answers at `path`; asked again when the address changes, when the daemon is back, and every `everyMs`.
 * @param path null asks for nothing
 * @param of asked again when this is another, too
 */
export function useResource<T>(path: string | null, everyMs = 0, of: unknown = null): Resource<T> {
  const [answer, setAnswer] = useState<{ path: string | null; data?: T; error?: ApiError }>({ path: null })
  const [turn, setTurn] = useState(0)
  const connection = useStore(live.connections)
  const loading = useRef(false)
  useEffect(() => {
    if (path === null) return
    const abort = new AbortController()
    loading.current = true
    request<T>(path, { signal: abort.signal })
      .then((data) => setAnswer({ path, data }))
      .catch((error: unknown) => {
        if (abort.signal.aborted) return
        const known = error instanceof ApiError ? error : new ApiError(0, 'unknown', String(error))
        // What was there stays to be seen: old figures, marked as such, say more than none.
        setAnswer((before) => (before.path === path ? { ...before, error: known } : { path, error: known }))
      })
      .finally(() => {
        // One that was given up has another in its place, which still loads.
        if (!abort.signal.aborted) loading.current = false
      })
    return () => abort.abort()
  }, [path, turn, connection, of])
  const fits = answer.path === path
  // What failed is asked again, so that a page that is left alone is right again by itself.
  const pause = fits && answer.error !== undefined ? RETRY_MS : everyMs
  useEffect(() => {
    if (path === null || pause === 0) return
    const timer = setInterval(() => {
      if (!loading.current && !document.hidden) setTurn((count) => count + 1)
    }, pause)
    return () => clearInterval(timer)
  }, [path, pause])
  return {
    data: fits ? answer.data : undefined,
    error: fits ? answer.error : undefined,
    loading: path !== null && (!fits || (answer.data === undefined && answer.error === undefined)),
    reload: () => setTurn((count) => count + 1),
  }
}
