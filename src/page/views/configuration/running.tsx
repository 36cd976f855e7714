import { useState } from 'preact/hooks'
import type { ConfigState, LastReload, PlanReport } from '../../../ports/control/config.js'
import { change } from '../../api/token.js'
import { zone } from '../../base/preferences.js'
import { useStore } from '../../base/store.js'
import { formatTime } from '../../format/times.js'
import { Figure } from '../../parts/figure.js'
import { Outcome } from '../../parts/outcome.js'
import { RELOAD_WORDS } from '../../parts/reload-words.js'
import { useAction } from '../../parts/use-action.js'
import { fileName } from './file-name.js'
import { asked, Findings, type Finding } from './findings.js'

const CAUSES: Readonly<Record<LastReload['cause'], string>> = {
  signal: 'asked for by a signal',
  file: 'as its files changed',
  request: 'asked for over HTTP',
}

/** The configuration that runs, the last reload, whether the files say otherwise, and how to take them up. */
export function Running({ config }: { readonly config: ConfigState }) {
  const { hash, loadedAt, files, drift, lastReload } = config
  const chosenZone = useStore(zone)
  const [finding, setFinding] = useState<Finding | null>(null)
  const action = useAction()
  const ask = (path: string, done: (report: PlanReport) => string): void => {
    action.run(async () => {
      setFinding(null)
      const report = await asked(() => change<PlanReport>(path), setFinding)
      return report === null ? null : done(report)
    })
  }
  const source = (promql: string) => ({ promql, path: 'api/v1/config' })
  return (
    <section aria-labelledby="running-title" class="stack">
      <h2 id="running-title">What runs</h2>
      <dl class="figures wide">
        <Figure
          label="Configuration"
          value={hash}
          note={`since ${formatTime(Date.parse(loadedAt), chosenZone)}`}
          source={source('tidecast_config_hash')}
        />
        <Figure
          label="Last reload"
          value={lastReload === null ? 'none' : RELOAD_WORDS[lastReload.outcome]}
          {...(lastReload !== null && isBad(lastReload) ? { tone: 'bad' as const } : {})}
          note={
            lastReload === null
              ? 'since the daemon began'
              : `${formatTime(Date.parse(lastReload.at), chosenZone)}, ${CAUSES[lastReload.cause]}`
          }
          source={source('tidecast_config_last_reload_successful')}
        />
        <Figure
          label="Files"
          value={files.length === 0 ? 'none' : drift ? '≠ differ' : '= as they run'}
          {...(drift ? { tone: 'bad' as const } : {})}
          note={<span title={files.join('\n')}>{files.map(fileName).join(', ')}</span>}
          source={source('tidecast_config_drift')}
        />
      </dl>
      {lastReload === null ? null : (
        <p class={isBad(lastReload) ? 'refused' : 'muted'}>{lastReload.message}</p>
      )}
      {drift ? (
        <p>
          The files say something else than what runs, or cannot be understood. See what a reload would do.
        </p>
      ) : null}
      <div class="buttons">
        <button
          type="button"
          disabled={action.busy}
          onClick={() => ask('api/v1/config/plan', () => 'Nothing has been changed: this is the plan.')}
        >
          Plan a reload
        </button>
        <button
          type="button"
          class={drift ? 'primary' : ''}
          disabled={action.busy}
          onClick={() =>
            ask('-/reload', ({ changes }) =>
              changes.length === 0 ? 'Reloaded.' : 'Reloaded: it runs as the files say.',
            )
          }
        >
          Reload
        </button>
      </div>
      <Outcome of={action} />
      <Findings finding={finding} />
    </section>
  )
}

function isBad({ outcome }: LastReload): boolean {
  return outcome !== 'applied' && outcome !== 'unchanged'
}
