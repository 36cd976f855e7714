import { Store } from '../base/store.js'
import { ApiError, request } from './client.js'

/** Asks a person for the token; drawn by `TokenDialog`. */
export interface TokenRequest {
  /** Why once more; null the first time. */
  readonly refused: string | null
  /** @param token null: given up */
  readonly answer: (token: string | null) => void
}

export const tokenRequest = new Store<TokenRequest | null>(null)

const KEY = 'tidecast.token'
/** Kept for as long as the browser's tab; nowhere else. */
let token = sessionStorage.getItem(KEY)

/**
 * A request that needs the token, which is asked for until it is the right one.
 * @param init of the request; `POST` unless it says otherwise
 * @returns null where the person gave up; nothing has changed
 * @throws ApiError for whatever else is wrong
 */
export async function change<T>(path: string, init: RequestInit = {}): Promise<T | null> {
  let refused: string | null = null
  for (;;) {
    if (token === null) {
      token = await askFor(refused)
      if (token === null) return null
    }
    try {
      const headers = new Headers(init.headers)
      headers.set('authorization', `Bearer ${token}`)
      const answer = await request<T>(path, { method: 'POST', ...init, headers })
      sessionStorage.setItem(KEY, token)
      return answer
    } catch (error) {
      if (!(error instanceof ApiError) || (error.status !== 401 && error.status !== 403)) throw error
      refused = error.message
      token = null
      sessionStorage.removeItem(KEY)
    }
  }
}

function askFor(refused: string | null): Promise<string | null> {
  return new Promise((resolve) => {
    const answer = (given: string | null): void => {
      tokenRequest.set(null)
      resolve(given)
    }
    tokenRequest.set({ refused, answer })
  })
}
