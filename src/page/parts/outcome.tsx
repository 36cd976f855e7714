import type { Action } from './use-action.js'

export function Outcome({ of: { outcome } }: { readonly of: Action }) {
  return (
    <p role="status" class={`outcome ${outcome?.failed === true ? 'refused' : ''}`}>
      {outcome?.text ?? ''}
    </p>
  )
}
