import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import type { SeriesOrder, SeriesPage, SeriesSummary } from '../../../ports/control/series.js'
import { ApiError, ofPipeline, request } from '../../api/client.js'
import { live } from '../../api/live.js'
import { useStore } from '../../base/store.js'

const PAGE = 100
/** Pages that are kept: those around what can be seen, and some that were. */
const MOST_PAGES = 20
const REFRESH_MS = 5000

export interface Listing {
  readonly total: number | undefined
  readonly error: ApiError | undefined
  readonly at: (index: number) => SeriesSummary | undefined
  /** The rows that are drawn now: their pages are loaded, and kept up to date. */
  readonly shows: (from: number, to: number) => void
}

interface State {
  readonly total?: number
  readonly error?: ApiError
  readonly pages: ReadonlyMap<number, readonly SeriesSummary[]>
}

/** A list of any length, of which the daemon is asked for what is looked at. */
export function useListing(pipeline: string, search: string, sort: SeriesOrder): Listing {
  const [state, setState] = useState<State>({ pages: new Map() })
  const connection = useStore(live.connections)
  const shown = useRef<readonly [number, number]>([0, 1])
  const loader = useRef<(page: number) => void>(() => undefined)

  useEffect(() => {
    const abort = new AbortController()
    const underWay = new Set<number>()
    const load = (page: number): void => {
      if (underWay.has(page)) return
      underWay.add(page)
      const query = { search, sort, offset: page * PAGE, limit: PAGE }
      request(ofPipeline(pipeline, 'series', query), { signal: abort.signal })
        .then((answer) => {
          const { total, items } = answer as SeriesPage
          setState(({ pages }) => ({ total, pages: keep(new Map(pages), page, items) }))
        })
        .catch((error: unknown) => {
          if (abort.signal.aborted || !(error instanceof ApiError)) return
          setState((before) => ({ ...before, error }))
        })
        .finally(() => underWay.delete(page))
    }
    loader.current = load
    // What is seen stays until the new order is there.
    const pagesShown = (): number[] => {
      const [from, to] = [
        Math.floor(shown.current[0] / PAGE),
        Math.floor(Math.max(0, shown.current[1] - 1) / PAGE),
      ]
      return Array.from({ length: to - from + 1 }, (_, i) => from + i)
    }
    setState(({ pages, ...others }) => ({
      ...others,
      pages: new Map([...pages].filter(([page]) => pagesShown().includes(page))),
    }))
    pagesShown().forEach(load)
    const timer = setInterval(() => {
      if (!document.hidden) pagesShown().forEach(load)
    }, REFRESH_MS)
    return () => {
      abort.abort()
      clearInterval(timer)
    }
  }, [pipeline, search, sort, connection])

  const { pages } = state
  const shows = useCallback(
    (from: number, to: number) => {
      shown.current = [from, to]
      for (let page = Math.floor(from / PAGE); page * PAGE < to; page++) {
        if (!pages.has(page)) loader.current(page)
      }
    },
    [pages],
  )
  return {
    total: state.total,
    error: state.error,
    at: (index) => pages.get(Math.floor(index / PAGE))?.[index % PAGE],
    shows,
  }
}

function keep(
  pages: Map<number, readonly SeriesSummary[]>,
  page: number,
  items: readonly SeriesSummary[],
): ReadonlyMap<number, readonly SeriesSummary[]> {
  pages.delete(page)
  pages.set(page, items)
  for (const oldest of pages.keys()) {
    if (pages.size <= MOST_PAGES) break
    pages.delete(oldest)
  }
  return pages
}
