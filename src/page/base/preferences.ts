import { Store } from './store.js'

export const THEMES = ['auto', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]
export const ZONES = ['local', 'utc'] as const
export type Zone = (typeof ZONES)[number]

export const theme = kept('tidecast.theme', THEMES)
export const zone = kept('tidecast.zone', ZONES)

/** What reaches the screen: `theme` with the system's wish in the place of `auto`. */
export const darkness = new Store(isDark())

const system = matchMedia('(prefers-color-scheme: dark)')
theme.subscribe(applyTheme)
system.addEventListener('change', applyTheme)
applyTheme()

function applyTheme(): void {
  if (theme.value === 'auto') delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = theme.value
  darkness.set(isDark())
}

function isDark(): boolean {
  return (
    theme.value === 'dark' || (theme.value === 'auto' && matchMedia('(prefers-color-scheme: dark)').matches)
  )
}

/** A choice that outlives the visit, where the browser keeps anything at all. */
function kept<const T extends string>(key: string, choices: readonly T[]): Store<T> {
  let stored: string | null = null
  try {
    stored = localStorage.getItem(key)
  } catch {
    // Storage is switched off: the choice lasts as long as the page.
  }
  const store = new Store<T>(choices.find((choice) => choice === stored) ?? choices[0]!)
  store.subscribe(() => {
    try {
      localStorage.setItem(key, store.value)
    } catch {
      // As above.
    }
  })
  return store
}
