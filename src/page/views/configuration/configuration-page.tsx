import type { ConfigStatus } from '../../../ports/control/config.js'
import { live, type StatusEvent } from '../../api/live.js'
import { useResource } from '../../api/use-resource.js'
import { useStore } from '../../base/store.js'
import { Waiting } from '../../parts/notice.js'
import { DraftEditor } from './draft-editor.js'
import { PausedPipelines } from './paused-pipelines.js'
import { Running } from './running.js'
import { ValueTable } from './value-table.js'

/** What runs, where each value comes from, and what another configuration would do. */
export function ConfigurationPage({ status }: { readonly status: StatusEvent }) {
  const reload = useStore(live.reload)
  const config = useResource<ConfigStatus>('api/v1/config', 0, reload)
  const { data } = config
  if (data === undefined) return <Waiting resource={config} what="the configuration" />
  return (
    <div class="configuration">
      <div class="page">
        <Running config={data} />
        <PausedPipelines pipelines={status.pipelines} />
        <DraftEditor config={data} pipelines={status.pipelines.map(({ name }) => name)} />
      </div>
      <ValueTable {...data} />
    </div>
  )
}
