import type { Decision } from '../../../ports/model-store.js'
import { zone } from '../../base/preferences.js'
import { useStore } from '../../base/store.js'
import { formatPercent } from '../../format/numbers.js'
import { formatTime } from '../../format/times.js'

const WORDS: Readonly<Record<Decision['outcome'], string>> = {
  promoted: '★ promoted',
  approved: '✓ approved',
  shadow: '◐ runs beside the champion',
  refused: '✗ refused',
  failed: '✗ failed',
  'set-aside': '↓ set aside',
  'rolled-back': '↶ rolled back',
}

/** What was decided of each network, newest first, and by which figures. */
export function Decisions({ decisions }: { readonly decisions: readonly Decision[] }) {
  const chosenZone = useStore(zone)
  if (decisions.length === 0) return null
  return (
    <section aria-labelledby="decisions-title" class="stack">
      <h2 id="decisions-title">Decisions</h2>
      <ul class="decisions">
        {[...decisions].reverse().map((decision, i) => (
          <li key={`${decision.at} ${i}`}>
            <span class="muted figure">{formatTime(Date.parse(decision.at), chosenZone)}</span>
            <span>
              <b>{WORDS[decision.outcome]}</b>
              {decision.version === null ? '' : ` version ${decision.version}`}
              <span class="muted"> · {decision.reason}</span>
            </span>
            <span class="muted">{figuresOf(decision)}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}

function figuresOf({ why, verdict }: Decision): string {
  const comparisons = (verdict?.comparisons ?? []).map(({ against, change, changeAtMost, days }) => {
    const most = changeAtMost === null ? '' : `, at most ${signed(changeAtMost)} with 95 % confidence`
    return `${signed(change)} error against the ${against} over ${days} days${most}`
  })
  return [...(why === null ? [] : [why.replaceAll('-', ' ')]), ...comparisons].join('; ')
}

function signed(change: number): string {
  return `${change < 0 ? '−' : '+'}${formatPercent(Math.abs(change))}`
}
