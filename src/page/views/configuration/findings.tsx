import type { ConfigProblem, PlannedChange, PlanReport } from '../../../ports/control/config.js'
import { ApiError } from '../../api/client.js'
import { printValue } from './print-value.js'

/** What the daemon says of a configuration. */
export type Finding =
  | { readonly kind: 'plan'; readonly changes: readonly PlannedChange[]; readonly possible: boolean }
  | { readonly kind: 'problems'; readonly problems: readonly ConfigProblem[] }

/**
 * Asks for a plan or a reload, and notes what is found: also where that is why nothing is done.
 * @returns null where the person gave up
 * @throws ApiError as the daemon says it
 */
export async function asked(
  ask: () => Promise<PlanReport | null>,
  found: (finding: Finding) => void,
): Promise<PlanReport | null> {
  try {
    const report = await ask()
    if (report !== null) found({ kind: 'plan', changes: report.changes, possible: report.possible })
    return report
  } catch (error) {
    if (error instanceof ApiError) {
      const { problems, changes } = error.details as Partial<Pick<PlanReport, 'changes'>> & {
        readonly problems?: readonly ConfigProblem[]
      }
      if (problems !== undefined) found({ kind: 'problems', problems })
      else if (changes !== undefined) found({ kind: 'plan', changes, possible: false })
    }
    throw error
  }
}

/** Change by change, or problem by problem. */
export function Findings({ finding }: { readonly finding: Finding | null }) {
  if (finding === null) return null
  if (finding.kind === 'problems') {
    return (
      <ul class="findings" aria-label="Problems">
        {finding.problems.map((problem, i) => (
          <Problem key={i} problem={problem} />
        ))}
      </ul>
    )
  }
  const { changes, possible } = finding
  if (changes.length === 0) return <p class="muted">Nothing would change.</p>
  return (
    <>
      <ul class="findings" aria-label="Changes">
        {changes.map((change) => (
          <Change key={change.path} change={change} />
        ))}
      </ul>
      {possible ? null : (
        <p class="refused">
          A reload would be refused as a whole: what is marked with ! needs a restart of the process.
        </p>
      )}
    </>
  )
}

const SIGNS: Readonly<Record<string, string>> = { added: '+', removed: '−', 'process-restart': '!' }

function Change({ change: { path, before, after, reload, effect } }: { readonly change: PlannedChange }) {
  const whole = reload === 'added' || reload === 'removed'
  return (
    <li class={`finding ${reload}`}>
      <span class="sign" aria-hidden="true">
        {SIGNS[reload] ?? '~'}
      </span>
      <div>
        <p>
          <b class="path">{path}</b>
          {whole ? null : (
            <>
              {' '}
              <code>{printValue(before)}</code> <span aria-hidden="true">→</span>
              <span class="visually-hidden">becomes</span> <code>{printValue(after)}</code>
            </>
          )}
        </p>
        <p class="muted">{effect}</p>
      </div>
    </li>
  )
}

function Problem({ problem }: { readonly problem: ConfigProblem }) {
  const { path, value, expected, nearest, source } = problem
  return (
    <li class="finding process-restart">
      <span class="sign" aria-hidden="true">
        ✗
      </span>
      <div>
        <p>
          <b class="path">{path === '' ? 'the file' : path}</b>: expected {expected}
          {value === undefined ? null : (
            <>
              , got <code>{printValue(value)}</code>
            </>
          )}
        </p>
        {nearest === undefined ? null : <p>Did you mean “{nearest}”?</p>}
        {source === undefined ? null : <p class="muted">{source}</p>}
      </div>
    </li>
  )
}
