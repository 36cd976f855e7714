import { useState } from 'preact/hooks'
import { Dialog } from './dialog.js'

/** Where a figure can be had by a program. */
export interface Source {
  /** Absent where no metric says it: none is per series. */
  readonly promql?: string
  /** Address relative to the page. */
  readonly path: string
}

/** Opens the PromQL and the curl of a figure. */
export function SourceButton({ of, source }: { readonly of: string; readonly source: Source }) {
  const [open, setOpen] = useState(false)
  return (
    <>
      <button
        type="button"
        class="source"
        aria-label={`How to query: ${of}`}
        title="PromQL and curl"
        onClick={() => setOpen(true)}
      >
        {'{ }'}
      </button>
      {open ? (
        <Dialog title={of} closed={() => setOpen(false)}>
          {source.promql === undefined ? null : <Copyable name="PromQL" text={source.promql} />}
          <Copyable name="curl" text={curlOf(source.path)} />
        </Dialog>
      ) : null}
    </>
  )
}

/** In single quotes nothing is special to a shell but the quote itself. */
export function curlOf(path: string): string {
  return `curl '${new URL(path, document.baseURI).href.replaceAll("'", `'\\''`)}'`
}

export function Copyable({ name, text }: { readonly name: string; readonly text: string }) {
  const [copied, setCopied] = useState(false)
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text)
      setCopied(true)
    } catch {
      // Only pages of a trusted origin may write there; the text can be marked by hand.
    }
  }
  return (
    <div class="copyable">
      <h3>{name}</h3>
      <pre tabIndex={0}>{text}</pre>
      <button type="button" onClick={() => void copy()}>
        {copied ? 'Copied' : 'Copy'}
      </button>
    </div>
  )
}
