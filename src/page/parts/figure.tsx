import type { ComponentChildren } from 'preact'
import { SourceButton, type Source } from './source.js'

interface Props {
  readonly label: string
  readonly value: ComponentChildren
  readonly unit?: string
  /** A second, smaller line. */
  readonly note?: ComponentChildren
  /** Draws the eye to it; the words say why. */
  readonly tone?: 'good' | 'bad'
  readonly source?: Source
  /** Before the label, in the dialog's title. */
  readonly of?: string
}

/** A number with its name and unit, to be drawn within a `dl`. */
export function Figure({ label, value, unit, note, tone, source, of }: Props) {
  return (
    <div class={`figure-box ${tone ?? ''}`}>
      <dt>
        {label}
        {source === undefined ? null : (
          <SourceButton of={of === undefined ? label : `${of}: ${label}`} source={source} />
        )}
      </dt>
      <dd>
        <span class="figure">{value}</span>
        {unit === undefined ? null : <span class="unit"> {unit}</span>}
        {note === undefined ? null : <div class="note">{note}</div>}
      </dd>
    </div>
  )
}
