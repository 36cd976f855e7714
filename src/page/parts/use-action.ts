import { useState } from 'preact/hooks'
import { ApiError } from '../api/client.js'

export interface Action {
  readonly busy: boolean
  /** What became of it, in words; null before. */
  readonly outcome: { readonly text: string; readonly failed: boolean } | null
  /** @param work resolves with what to say; null: nothing happened */
  readonly run: (work: () => Promise<string | null>) => void
}

/** Something that a person asks for once at a time, and what became of it. */
export function useAction(): Action {
  const [busy, setBusy] = useState(false)
  const [outcome, setOutcome] = useState<Action['outcome']>(null)
  const run = (work: () => Promise<string | null>): void => {
    if (busy) return
    const before = document.activeElement
    setBusy(true)
    setOutcome(null)
    work()
      .then((text) => setOutcome(text === null ? null : { text, failed: false }))
      .catch((error: unknown) => {
        setOutcome({ text: error instanceof ApiError ? error.message : String(error), failed: true })
      })
      .finally(() => {
        setBusy(false)
        // A button that rests meanwhile loses the focus; once it is drawn anew it gets it back.
        setTimeout(() => {
          if (document.activeElement === document.body && before instanceof HTMLElement) before.focus()
        })
      })
  }
  return { busy, outcome, run }
}
