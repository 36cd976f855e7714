import { useEffect, useState } from 'preact/hooks'
import type { ConfigStatus, PlanReport } from '../../../ports/control/config.js'
import { change } from '../../api/token.js'
import { plannedPipeline } from '../../base/planned-pipeline.js'
import { download } from '../../charts/download.js'
import { FileDrop } from '../../parts/file-drop.js'
import { Outcome } from '../../parts/outcome.js'
import { useAction } from '../../parts/use-action.js'
import { draftOf } from './draft.js'
import { fileName } from './file-name.js'
import { asked, Findings, type Finding } from './findings.js'

const FORMATS = { json5: 'application/json5', yaml: 'application/yaml' } as const
type Format = keyof typeof FORMATS

interface Props {
  readonly config: ConfigStatus
  readonly pipelines: readonly string[]
}

/** A text in the place of the configuration files: what a reload with it would do. */
export function DraftEditor({ config, pipelines }: Props) {
  const planned = plannedPipeline.value
  const [text, setText] = useState(() => (planned === null ? '' : draftOf(config, pipelines, planned)))
  const [format, setFormat] = useState<Format>('json5')
  const [finding, setFinding] = useState<Finding | null>(null)
  const action = useAction()
  const take = (content: string, kind: Format): void => {
    setText(content)
    setFormat(kind)
    setFinding(null)
  }
  // It was taken up; whoever comes back later begins anew.
  useEffect(() => plannedPipeline.set(null), [])
  const open = async (file: File): Promise<void> => {
    take(await file.text(), /\.ya?ml$/i.test(file.name) ? 'yaml' : 'json5')
  }
  const plan = (event: Event): void => {
    event.preventDefault()
    action.run(async () => {
      setFinding(null)
      const headers = { 'content-type': FORMATS[format] }
      const ask = () => change<PlanReport>('api/v1/config/plan', { body: text, headers })
      const report = await asked(ask, setFinding)
      if (report === null) return null
      return report.changes.length === 0
        ? 'It says what runs.'
        : 'Nothing has been changed: this is the plan.'
    })
  }
  return (
    <section aria-labelledby="draft-title" class="stack">
      <h2 id="draft-title">Plan an edited file</h2>
      <p class="muted">
        Paste, drop or edit a text that stands in the place of the files, and see what it would do. The page
        writes no files: save it as {fileName(config.files.at(-1) ?? 'the configuration file')}, and reload.
      </p>
      <form class="stack" onSubmit={plan}>
        <FileDrop label="Drop a configuration file" dropped={(file) => void open(file)}>
          <label class="field">
            Configuration
            <textarea
              class="draft"
              rows={12}
              spellcheck={false}
              value={text}
              placeholder="{ pipelines: { load: { interval: '15m' } } }"
              onInput={({ currentTarget }) => setText(currentTarget.value)}
            />
          </label>
        </FileDrop>
        <div class="buttons">
          <button type="submit" class="primary" disabled={action.busy || text.trim() === ''}>
            Plan
          </button>
          <button type="button" onClick={() => take(draftOf(config, pipelines), 'json5')}>
            Begin with what runs
          </button>
          <label class="check">
            Format
            <select value={format} onChange={({ currentTarget }) => setFormat(currentTarget.value as Format)}>
              <option value="json5">JSON5</option>
              <option value="yaml">YAML</option>
            </select>
          </label>
          <button
            type="button"
            class="quiet"
            disabled={text.trim() === ''}
            onClick={() => download(`tidecast.${format}`, new Blob([text], { type: FORMATS[format] }))}
          >
            Download
          </button>
        </div>
      </form>
      <Outcome of={action} />
      <Findings finding={finding} />
    </section>
  )
}
