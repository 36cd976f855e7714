import { useState } from 'preact/hooks'
import type { BacktestStatus } from '../../../ports/control/backtests.js'
import { pathOf } from '../../api/client.js'
import { change } from '../../api/token.js'
import { useResource } from '../../api/use-resource.js'
import { go } from '../../base/route.js'
import { Waiting } from '../../parts/notice.js'
import { Outcome } from '../../parts/outcome.js'
import { useAction } from '../../parts/use-action.js'
import { BacktestProgressBar } from './backtest-progress.js'
import { KeepAsPipeline } from './keep-as-pipeline.js'
import { Report } from './report.js'
import { fitting, NOTHING_CHOSEN, TryForm, type TryChoice } from './try-form.js'

const EVERY_MS = 1000

/** How well a file would be forecast: its past is trained on, its end is forecast and scored. */
export function TryPage({ params }: { readonly params: Readonly<Record<string, string>> }) {
  const [choice, setChoice] = useState<TryChoice>(NOTHING_CHOSEN)
  const action = useAction()
  const { backtest } = params
  const start = (): void => {
    action.run(async () => {
      const { data, interval, season, horizon, test, cells } = choice
      const query = { interval, season: fitting(season), horizon, test, compare: cells.join(',') }
      const init = { body: data!, headers: { 'content-type': 'text/csv' } }
      const answer = await change<{ readonly id: string }>(pathOf('api/v1/backtests', query), init)
      if (answer !== null) go('try', { backtest: answer.id })
      return null
    })
  }
  return (
    <div class="page">
      <section aria-labelledby="try-title" class="stack">
        <h2 id="try-title">Try your own data</h2>
        <p class="muted">
          A CSV file with the header <code>series,ts,value</code>, of 32 MB at most; an empty value is a
          missing one. A network learns from its past, then its end is forecast observation by observation, as
          the stream would be, and scored beside the baseline. Nothing of it is kept but the report.
        </p>
        <TryForm choice={choice} chosen={setChoice} busy={action.busy} start={start} />
        <Outcome of={action} />
      </section>
      {backtest === undefined ? null : <Backtest key={backtest} id={backtest} choice={choice} />}
    </div>
  )
}

/** One that was begun, until its report is there. */
function Backtest({ id, choice }: { readonly id: string; readonly choice: TryChoice }) {
  const [over, setOver] = useState(false)
  const path = `api/v1/backtests/${encodeURIComponent(id)}`
  const resource = useResource<BacktestStatus>(path, over ? 0 : EVERY_MS)
  const action = useAction()
  const status = resource.data
  if (status === undefined) return <Waiting resource={resource} what="the backtest" />
  if (status.state !== 'running' && !over) setOver(true)
  const cancel = (): void => {
    action.run(async () => {
      await change<BacktestStatus>(path, { method: 'DELETE' })
      resource.reload()
      return null
    })
  }
  switch (status.state) {
    case 'running':
      return (
        <section aria-label="Backtest" class="stack">
          <BacktestProgressBar progress={status.progress} />
          <div class="buttons">
            <button type="button" disabled={action.busy} onClick={cancel}>
              Cancel
            </button>
          </div>
          <Outcome of={action} />
        </section>
      )
    case 'failed':
      return (
        <p role="alert" class="refused">
          The data cannot be backtested: {status.why}
        </p>
      )
    case 'cancelled':
      return <p class="muted">The backtest was given up.</p>
    case 'done':
      return (
        <>
          <Report report={status.report!} path={path} />
          <KeepAsPipeline report={status.report!} file={choice.name} />
        </>
      )
  }
}
