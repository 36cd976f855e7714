import type { Problem } from '../../../ports/control/problems.js'
import { live, type StatusEvent } from '../../api/live.js'
import { useResource } from '../../api/use-resource.js'
import { zone } from '../../base/preferences.js'
import { linkTo } from '../../base/route.js'
import { useStore } from '../../base/store.js'
import { formatCount, formatRate } from '../../format/numbers.js'
import { formatTime } from '../../format/times.js'
import { Notice } from '../../parts/notice.js'
import { RELOAD_WORDS } from '../../parts/reload-words.js'
import { PipelineCard } from './pipeline-card.js'

const PROBLEMS_EVERY_MS = 5000

/** How all pipelines do; what is wrong comes first. */
export function Overview({ status }: { readonly status: StatusEvent }) {
  const { data } = useResource<{ readonly problems: readonly Problem[] }>(
    'api/v1/problems',
    PROBLEMS_EVERY_MS,
  )
  const problems = data?.problems ?? []
  const { pipelines, notReady } = status
  const rate = pipelines.reduce((sum, { recordsPerSecond }) => sum + recordsPerSecond, 0)
  const series = pipelines.reduce((sum, pipeline) => sum + pipeline.series, 0)
  return (
    <div class="overview">
      {problems.length > 0 ? (
        <Problems problems={problems} />
      ) : notReady === null && data !== undefined ? (
        <p class="all-well">
          <span aria-hidden="true">✓</span> All is well: {formatCount(pipelines.length)}{' '}
          {pipelines.length === 1 ? 'pipeline' : 'pipelines'}, {formatCount(series)} series,{' '}
          {formatRate(rate)} records/s.
        </p>
      ) : null}
      <Reloads />
      {pipelines.length === 0 ? (
        <Notice kind="empty" title={notReady ?? 'There are no pipelines yet.'}>
          <p>
            {notReady === null
              ? 'Describe one in tidecast.json5, and reload.'
              : 'They appear here as soon as the daemon is ready.'}
          </p>
        </Notice>
      ) : (
        <div class="cards">
          {pipelines.map((pipeline) => (
            <PipelineCard key={pipeline.name} status={pipeline} at={status.at} />
          ))}
        </div>
      )}
    </div>
  )
}

const SIGNS = { critical: '■', warning: '▲', info: '●' } as const

function Problems({ problems }: { readonly problems: readonly Problem[] }) {
  return (
    <section aria-labelledby="problems">
      <h2 id="problems">What needs attention</h2>
      <ul class="problems">
        {problems.map(({ severity, pipeline, what, todo }, i) => (
          <li key={i} class={severity}>
            <span class="severity">
              <span aria-hidden="true">{SIGNS[severity]}</span> {severity}
            </span>
            <div>
              <p class="what">
                {pipeline === null ? null : <b>{pipeline}: </b>}
                {what}
              </p>
              <p class="todo">{todo}</p>
            </div>
          </li>
        ))}
      </ul>
    </section>
  )
}

/** The last reload, and whether one is due. */
function Reloads() {
  const reload = useStore(live.reload)
  const chosenZone = useStore(zone)
  if (reload === null) return null
  const { loadedAt, drift, lastReload } = reload
  return (
    <p class="muted reloads">
      <a href={linkTo('configuration')}>Configuration</a> of {formatTime(Date.parse(loadedAt), chosenZone)}
      {lastReload === null ? null : (
        <>
          {' '}
          · last reload {formatTime(Date.parse(lastReload.at), chosenZone)}:{' '}
          <b>{RELOAD_WORDS[lastReload.outcome]}</b>
        </>
      )}
      {drift ? (
        <>
          {' '}
          · <b class="differs">≠ the files say something else than what runs</b>
        </>
      ) : null}
    </p>
  )
}
