import { useEffect, useRef } from 'preact/hooks'
import { live } from './api/live.js'
import { THEMES, theme, zone } from './base/preferences.js'
import { linkTo, route, type View } from './base/route.js'
import { useStore } from './base/store.js'
import { formatTime, zoneName } from './format/times.js'
import { Notice } from './parts/notice.js'
import { TokenDialog } from './parts/token-dialog.js'
import { ConfigurationPage } from './views/configuration/configuration-page.js'
import { LearningPage } from './views/learning/learning-page.js'
import { Overview } from './views/overview/overview.js'
import { SeriesPage } from './views/series/series-page.js'
import { TryPage } from './views/try/try-page.js'

const NAMES: Readonly<Record<View, string>> = {
  overview: 'Overview',
  series: 'Series',
  learning: 'Learning',
  configuration: 'Configuration',
  try: 'Your data',
}

const SYMBOLS = { auto: '◐', light: '☀', dark: '☾' } as const

export function App() {
  const { view, params } = useStore(route)
  const status = useStore(live.status)
  const main = useRef<HTMLElement>(null)
  const first = useRef(true)
  useEffect(() => {
    document.title = `${NAMES[view]} · Tidecast`
    if (first.current) first.current = false
    else main.current?.focus({ preventScroll: true })
  }, [view])
  return (
    <>
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          // The address behind the # is the page's own.
          event.preventDefault()
          main.current?.focus()
        }}
      >
        Skip to the content
      </a>
      <Header view={view} pipeline={params['pipeline']} />
      <ConnectionBar />
      <main id="main" ref={main} tabIndex={-1}>
        <h1 class="visually-hidden">{NAMES[view]}</h1>
        {status === null ? (
          <Notice kind="loading" title="Waiting for the daemon …" />
        ) : view === 'overview' ? (
          <Overview status={status} />
        ) : view === 'learning' ? (
          <LearningPage status={status} params={params} />
        ) : view === 'configuration' ? (
          <ConfigurationPage status={status} />
        ) : view === 'try' ? (
          <TryPage params={params} />
        ) : (
          <SeriesPage status={status} params={params} />
        )}
      </main>
      <TokenDialog />
    </>
  )
}

function Header({ view, pipeline }: { readonly view: View; readonly pipeline: string | undefined }) {
  const chosenTheme = useStore(theme)
  const chosenZone = useStore(zone)
  const next = THEMES[(THEMES.indexOf(chosenTheme) + 1) % THEMES.length]!
  return (
    <header class="top">
      <a class="brand" href={linkTo('overview')}>
        Tidecast
      </a>
      <nav aria-label="Views">
        {Object.entries(NAMES).map(([name, text]) => (
          <a
            key={name}
            href={linkTo(name as View, { pipeline })}
            {...(name === view ? { 'aria-current': 'page' as const } : {})}
          >
            {text}
          </a>
        ))}
      </nav>
      <div class="preferences">
        <button
          type="button"
          class="quiet"
          aria-label={`Times in ${zoneName(chosenZone)}; change to ${chosenZone === 'utc' ? 'local time' : 'UTC'}`}
          onClick={() => zone.set(chosenZone === 'utc' ? 'local' : 'utc')}
        >
          {zoneName(chosenZone)}
        </button>
        <button
          type="button"
          class="quiet"
          aria-label={`Theme: ${chosenTheme}; change to ${next}`}
          title={`Theme: ${chosenTheme}`}
          onClick={() => theme.set(next)}
        >
          {SYMBOLS[chosenTheme]}
        </button>
      </div>
    </header>
  )
}

/** Nothing while all is well. */
function ConnectionBar() {
  const connection = useStore(live.connection)
  const status = useStore(live.status)
  const chosenZone = useStore(zone)
  const since = status === null ? '' : ` What you see is of ${formatTime(status.at, chosenZone)}.`
  const text = {
    live: null,
    connecting: null,
    silent: `The daemon has stopped telling.${since}`,
    lost: `No connection to the daemon; trying again.${since}`,
  }[connection]
  return (
    <div role="status" class={text === null ? 'visually-hidden' : 'connection'}>
      {text ?? (connection === 'live' ? 'Connected' : '')}
    </div>
  )
}
