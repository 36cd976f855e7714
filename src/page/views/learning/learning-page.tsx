import type { LearningStatus } from '../../../ports/control/learning.js'
import type { ModelsStatus } from '../../../ports/control/models.js'
import type { StatusEvent } from '../../api/live.js'
import { ofPipeline } from '../../api/client.js'
import { change } from '../../api/token.js'
import { useResource } from '../../api/use-resource.js'
import { TrainingCurves } from '../../charts/training-curves.js'
import { Notice, Waiting } from '../../parts/notice.js'
import { Outcome } from '../../parts/outcome.js'
import { PipelineField } from '../../parts/pipeline-field.js'
import { useAction } from '../../parts/use-action.js'
import { Decisions } from './decisions.js'
import { Gradients } from './gradients.js'
import { TrainingNow } from './training-now.js'
import { Versions } from './versions.js'

const EVERY_MS = 2000

interface Props {
  readonly status: StatusEvent
  readonly params: Readonly<Record<string, string>>
}

/** How a pipeline learns: the training as it runs, the networks it has had, and what was decided of each. */
export function LearningPage({ status, params }: Props) {
  const { pipelines } = status
  const pipeline = pipelines.find(({ name }) => name === params['pipeline']) ?? pipelines[0]
  if (pipeline === undefined) return <Notice kind="empty" title="There are no pipelines yet." />
  return (
    <div class="page">
      <div class="fields">
        <PipelineField view="learning" pipelines={pipelines} chosen={pipeline.name} />
      </div>
      <Learning key={pipeline.name} pipeline={pipeline.name} />
    </div>
  )
}

function Learning({ pipeline }: { readonly pipeline: string }) {
  const path = ofPipeline(pipeline, 'learning')
  const learning = useResource<LearningStatus>(path, EVERY_MS)
  const models = useResource<ModelsStatus>(ofPipeline(pipeline, 'models'), EVERY_MS)
  const action = useAction()
  const train = (): void => {
    action.run(async () => {
      const queued = await change<unknown>(ofPipeline(pipeline, 'train'))
      learning.reload()
      return queued === null ? null : 'A training has been asked for; it begins as soon as no other one runs.'
    })
  }
  const { data } = learning
  if (data === undefined) return <Waiting resource={learning} what="what is being learnt" />
  return (
    <>
      <section aria-labelledby="training-title" class="stack">
        <h2 id="training-title">Training</h2>
        <TrainingNow pipeline={pipeline} learning={data} path={path} />
        <div class="buttons">
          <button type="button" disabled={action.busy || data.state !== 'waiting'} onClick={train}>
            Train now
          </button>
        </div>
        <Outcome of={action} />
        <TrainingCurves
          curve={data.curve}
          whose={data.progress === null ? 'Of the last network' : 'Of the present training'}
        />
        <Gradients learning={data} />
      </section>
      {models.data === undefined ? (
        <Waiting resource={models} what="the versions" />
      ) : (
        <Versions status={models.data} changed={models.reload} />
      )}
      <Decisions decisions={data.decisions} />
    </>
  )
}
