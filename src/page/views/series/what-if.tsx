import { useState } from 'preact/hooks'
import type { Forecast } from '../../../core/forecast/format.js'
import { ofPipeline, request } from '../../api/client.js'
import { Outcome } from '../../parts/outcome.js'
import { useAction } from '../../parts/use-action.js'

export interface Fork {
  /** null: missing. */
  readonly supposed: readonly (number | null)[]
  readonly forecast: Forecast
}

interface Props {
  readonly pipeline: string
  readonly series: string
  readonly fork: Fork | null
  readonly forked: (fork: Fork | null) => void
}

/** What would be forecast if certain values came next; the stream's own state is not touched. */
export function WhatIf({ pipeline, series, fork, forked }: Props) {
  const [typed, setTyped] = useState('')
  const action = useAction()
  const supposed = parseValues(typed)
  const ask = (event: Event): void => {
    event.preventDefault()
    if (supposed === null) return
    action.run(async () => {
      const body = JSON.stringify({ series, values: supposed })
      const forecast = await request<Forecast>(ofPipeline(pipeline, 'what-if'), { method: 'POST', body })
      forked({ supposed, forecast })
      return `Forecast by ${forecast.model} from a copy of the state; the stream goes on untouched.`
    })
  }
  return (
    <section aria-labelledby="what-if-title">
      <h3 id="what-if-title">What if?</h3>
      <form class="fields" onSubmit={ask}>
        <label class="field grow">
          Suppose these values came next, a dash for a missing one
          <input
            type="text"
            inputMode="text"
            placeholder="120 135.5 - 140"
            value={typed}
            aria-invalid={typed.trim() !== '' && supposed === null}
            onInput={({ currentTarget }) => setTyped(currentTarget.value)}
          />
        </label>
        <button type="submit" class="primary" disabled={supposed === null || action.busy}>
          Forecast
        </button>
        <button type="button" disabled={fork === null} onClick={() => forked(null)}>
          Clear
        </button>
      </form>
      <Outcome of={action} />
    </section>
  )
}

/** Numbers with spaces or semicolons between them; null where something is none, or nothing is there. */
export function parseValues(text: string): (number | null)[] | null {
  const parts = text.split(/[\s;]+/).filter((part) => part !== '')
  const values = parts.map((part) =>
    /^[-–−]$/.test(part) ? null : Number(part.replace('−', '-').replace(',', '.')),
  )
  return values.length > 0 && values.every((value) => value === null || Number.isFinite(value))
    ? values
    : null
}
