import type { PipelineStatus } from '../../../ports/control.js'
import { ofPipeline } from '../../api/client.js'
import { change } from '../../api/token.js'
import { Outcome } from '../../parts/outcome.js'
import { useAction } from '../../parts/use-action.js'

/** Stops pipelines, with their states kept, and starts them again. */
export function PausedPipelines({ pipelines }: { readonly pipelines: readonly PipelineStatus[] }) {
  const action = useAction()
  const hold = (name: string, verb: 'pause' | 'resume'): void => {
    action.run(async () => {
      const answer = await change<unknown>(ofPipeline(name, verb))
      if (answer === null) return null
      return verb === 'pause'
        ? `${name} is paused; its states are kept.`
        : `${name} goes on where it stopped.`
    })
  }
  if (pipelines.length === 0) return null
  return (
    <section aria-labelledby="pipelines-title" class="stack">
      <h2 id="pipelines-title">Pipelines</h2>
      <ul class="plain-list">
        {pipelines.map(({ name, phase }) => {
          const verb = phase === 'paused' ? 'resume' : 'pause'
          return (
            <li key={name}>
              <span class="path">{name}</span>
              <span class={`phase ${phase}`}>{phase}</span>
              <button type="button" disabled={action.busy} onClick={() => hold(name, verb)}>
                {verb === 'pause' ? 'Pause' : 'Resume'}
                <span class="visually-hidden"> {name}</span>
              </button>
            </li>
          )
        })}
      </ul>
      <Outcome of={action} />
    </section>
  )
}
