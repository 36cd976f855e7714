import type { ComponentChildren } from 'preact'
import type { Resource } from '../api/use-resource.js'

interface Props {
  readonly kind: 'empty' | 'loading' | 'error' | 'info'
  readonly title: string
  readonly children?: ComponentChildren
}

/** Says why there is nothing to see, and what to do. */
export function Notice({ kind, title, children }: Props) {
  return (
    <div class={`notice ${kind}`} role={kind === 'error' ? 'alert' : 'status'}>
      <p class="notice-title">{title}</p>
      {children}
    </div>
  )
}

/** What stands in the place of something that has not come; null where it has. */
export function Waiting({ resource, what }: { readonly resource: Resource<unknown>; readonly what: string }) {
  if (resource.data !== undefined) return null
  if (resource.error !== undefined) {
    return (
      <Notice kind="error" title={`${what}: ${resource.error.message}`}>
        <button type="button" onClick={resource.reload}>
          Try again
        </button>
      </Notice>
    )
  }
  return <Notice kind="loading" title={`Loading ${what} …`} />
}
