import type { StatusEvent } from '../../api/live.js'
import { linkTo } from '../../base/route.js'
import { Notice } from '../../parts/notice.js'
import { PipelineField } from '../../parts/pipeline-field.js'
import { SeriesDetail } from './series-detail.js'
import { SeriesList } from './series-list.js'

interface Props {
  readonly status: StatusEvent
  readonly params: Readonly<Record<string, string>>
}

/** The series of a pipeline, and one of them. */
export function SeriesPage({ status, params }: Props) {
  const { pipelines } = status
  const pipeline = pipelines.find(({ name }) => name === params['pipeline']) ?? pipelines[0]
  const { series } = params
  if (pipeline === undefined) {
    return (
      <Notice kind="empty" title="There are no pipelines yet, and so no series.">
        <a href={linkTo('overview')}>To the overview</a>
      </Notice>
    )
  }
  return (
    <div class={`series-page ${series === undefined ? 'choosing' : 'chosen'}`}>
      <section class="finder" aria-label="Find a series">
        <PipelineField view="series" pipelines={pipelines} chosen={pipeline.name} />
        <SeriesList key={pipeline.name} pipeline={pipeline.name} chosen={series} />
      </section>
      <section class="detail" aria-label="Series">
        {series === undefined ? (
          <Notice kind="empty" title="Choose a series.">
            <p>Its observations, forecasts and state appear here, and follow the stream.</p>
          </Notice>
        ) : (
          <SeriesDetail key={`${pipeline.name} ${series}`} pipeline={pipeline} series={series} />
        )}
      </section>
    </div>
  )
}
