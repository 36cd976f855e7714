import { useState } from 'preact/hooks'
import { tokenRequest } from '../api/token.js'
import { useStore } from '../base/store.js'
import { Dialog } from './dialog.js'

/** Asks for the token while something waits for it. */
export function TokenDialog() {
  const asked = useStore(tokenRequest)
  const [typed, setTyped] = useState('')
  if (asked === null) return null
  const give = (event: Event): void => {
    event.preventDefault()
    setTyped('')
    asked.answer(typed.trim())
  }
  return (
    <Dialog title="This needs the token" closed={() => asked.answer(null)}>
      <form onSubmit={give} class="stack">
        <p class="muted">
          It stands in the file <code>token</code> in the daemon&apos;s data directory, or is configured as{' '}
          <code>http.token</code>. This tab remembers it until it is closed.
        </p>
        {asked.refused === null ? null : (
          <p role="alert" class="refused">
            {asked.refused}
          </p>
        )}
        <label class="field">
          Token
          <input
            type="password"
            autocomplete="off"
            autofocus
            required
            value={typed}
            onInput={({ currentTarget }) => setTyped(currentTarget.value)}
          />
        </label>
        <div class="buttons">
          <button type="submit" class="primary">
            Go on
          </button>
          <button type="button" onClick={() => asked.answer(null)}>
            Cancel
          </button>
        </div>
      </form>
    </Dialog>
  )
}
