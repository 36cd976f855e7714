import { useState } from 'preact/hooks'
import type { ModelsStatus, ModelVersion } from '../../../ports/control/models.js'
import { ofPipeline } from '../../api/client.js'
import { change } from '../../api/token.js'
import { zone } from '../../base/preferences.js'
import { useStore } from '../../base/store.js'
import { formatCount, formatPercent, formatScore, formatValue } from '../../format/numbers.js'
import { formatSpan, formatTime } from '../../format/times.js'
import { Dialog } from '../../parts/dialog.js'
import { Notice } from '../../parts/notice.js'
import { Outcome } from '../../parts/outcome.js'
import { useAction } from '../../parts/use-action.js'

interface Props {
  readonly status: ModelsStatus
  readonly changed: () => void
}

/** What a person is about to do. */
type Intent = { readonly kind: 'promote'; readonly version: number } | { readonly kind: 'roll-back' }

/** The networks there are, what each scored on held-out data, and which one forecasts. */
export function Versions({ status, changed }: Props) {
  const { pipeline, champion, serving, goesBackTo, models } = status
  const [intent, setIntent] = useState<Intent | null>(null)
  const action = useAction()
  const carryOut = (wanted: Intent, reason: string): void => {
    setIntent(null)
    const path = wanted.kind === 'promote' ? `models/${wanted.version}/promote` : 'models/rollback'
    action.run(async () => {
      const answer = await change<Pick<ModelsStatus, 'champion' | 'serving'>>(ofPipeline(pipeline, path), {
        body: JSON.stringify({ reason }),
      })
      changed()
      if (answer === null) return null
      const name = nameOf(answer.champion)
      return answer.champion === answer.serving
        ? `Now ${name} forecasts.`
        : `Chosen: ${name}. It forecasts as soon as all states are made for it.`
    })
  }
  return (
    <section aria-labelledby="versions-title" class="stack">
      <h2 id="versions-title">Versions</h2>
      <p>
        {nameOf(serving)} forecasts
        {champion === serving ? '' : `; ${nameOf(champion)} is on its way into use`}.
      </p>
      {models.length === 0 ? (
        <Notice kind="empty" title="No network has been trained yet.">
          <p>The baseline forecasts until one beats it on later data.</p>
        </Notice>
      ) : (
        <div class="table-box" tabIndex={0} role="region" aria-label="Versions">
          <table>
            <thead>
              <tr>
                {['Version', 'Trained', 'On', 'MASE', 'WQL', 'Coverage', 'Baseline WQL', 'Verdict', ''].map(
                  (head) => (
                    <th scope="col" key={head}>
                      {head === '' ? <span class="visually-hidden">Actions</span> : head}
                    </th>
                  ),
                )}
              </tr>
            </thead>
            <tbody>
              {[...models].reverse().map((model) => (
                <Row
                  key={model.version}
                  model={model}
                  busy={action.busy}
                  promote={() => setIntent({ kind: 'promote', version: model.version })}
                />
              ))}
            </tbody>
          </table>
        </div>
      )}
      <div class="buttons">
        <button
          type="button"
          disabled={goesBackTo === undefined || action.busy}
          onClick={() => setIntent({ kind: 'roll-back' })}
        >
          Roll back{goesBackTo === undefined ? '' : ` to ${nameOf(goesBackTo)}`}
        </button>
      </div>
      <Outcome of={action} />
      {intent === null ? null : (
        <Confirm
          title={
            intent.kind === 'promote'
              ? `Let version ${intent.version} forecast ${pipeline}?`
              : `Go back to ${nameOf(goesBackTo ?? null)}?`
          }
          confirmed={(reason) => carryOut(intent, reason)}
          closed={() => setIntent(null)}
        />
      )}
    </section>
  )
}

function nameOf(version: number | null): string {
  return version === null ? 'the baseline' : `version ${version}`
}

interface RowProps {
  readonly model: ModelVersion
  readonly busy: boolean
  readonly promote: () => void
}

function Row({ model, busy, promote }: RowProps) {
  const chosenZone = useStore(zone)
  const { version, champion, report, scores, verdict, misfits } = model
  const said = verdict === undefined ? '' : verdict.promote ? 'better' : (verdict.refusal ?? 'refused')
  return (
    <tr class={champion ? 'champion' : ''}>
      <th scope="row">
        {model.spec.cell}@{version} {champion ? '★ champion' : ''}
      </th>
      <td>
        {formatTime(Date.parse(report.startedAt), chosenZone)}, {formatSpan(report.seconds * 1000)}
      </td>
      <td>{formatCount(report.observations)} observations</td>
      <td>{formatScore(scores.network.mase)}</td>
      <td>{formatValue(scores.network.wql)}</td>
      <td>{formatPercent(scores.network.coverage)}</td>
      <td>{formatValue(scores.baseline.wql)}</td>
      <td title={misfits.join('; ')}>{misfits.length > 0 ? 'does not fit' : said.replaceAll('-', ' ')}</td>
      <td>
        <button type="button" disabled={champion || busy || misfits.length > 0} onClick={promote}>
          Promote<span class="visually-hidden"> version {version}</span>
        </button>
      </td>
    </tr>
  )
}

interface ConfirmProps {
  readonly title: string
  readonly confirmed: (reason: string) => void
  readonly closed: () => void
}

function Confirm({ title, confirmed, closed }: ConfirmProps) {
  const [reason, setReason] = useState('')
  return (
    <Dialog title={title} closed={closed}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault()
          confirmed(reason)
        }}
      >
        <label class="field">
          Why, for the record (may be empty)
          <input
            type="text"
            maxLength={200}
            autofocus
            value={reason}
            onInput={({ currentTarget }) => setReason(currentTarget.value)}
          />
        </label>
        <div class="buttons">
          <button type="submit" class="primary">
            Yes
          </button>
          <button type="button" onClick={closed}>
            Cancel
          </button>
        </div>
      </form>
    </Dialog>
  )
}
