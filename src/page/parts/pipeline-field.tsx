import type { PipelineStatus } from '../../ports/control.js'
import { go, type View } from '../base/route.js'

interface Props {
  readonly view: View
  readonly pipelines: readonly PipelineStatus[]
  readonly chosen: string
}

export function PipelineField({ view, pipelines, chosen }: Props) {
  return (
    <label class="field">
      Pipeline
      <select value={chosen} onChange={({ currentTarget }) => go(view, { pipeline: currentTarget.value })}>
        {pipelines.map(({ name }) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    </label>
  )
}
