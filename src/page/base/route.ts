import { Store } from './store.js'

export const VIEWS = ['overview', 'series', 'learning', 'configuration', 'try'] as const
export type View = (typeof VIEWS)[number]

export interface Route {
  readonly view: View
  readonly params: Readonly<Record<string, string>>
}

/** Where the page is: behind the `#`, so that links and the browser's history work and the daemon serves one file. */
export const route = new Store<Route>(parseRoute(location.hash))

addEventListener('hashchange', () => route.set(parseRoute(location.hash)))

export function parseRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#?\/?/, '').split('?', 2)
  const view = VIEWS.find((name) => name === path) ?? 'overview'
  return { view, params: Object.fromEntries(new URLSearchParams(query)) }
}

/** Address of a view; empty parameters are left out. */
export function linkTo(view: View, params: Readonly<Record<string, string | undefined>> = {}): string {
  const given = Object.entries(params).filter((entry): entry is [string, string] => (entry[1] ?? '') !== '')
  const query = new URLSearchParams(given).toString()
  return `#/${view}${query === '' ? '' : `?${query}`}`
}

/** @param replace without a step in the browser's history */
export function go(view: View, params: Readonly<Record<string, string | undefined>>, replace = false): void {
  if (replace) {
    history.replaceState(null, '', linkTo(view, params))
    route.set(parseRoute(location.hash))
  } else {
    location.hash = linkTo(view, params)
  }
}
