import { useState } from 'preact/hooks'
import type { BacktestReport } from '../../../ports/control/backtest-report.js'
import { plannedPipeline } from '../../base/planned-pipeline.js'
import { go } from '../../base/route.js'
import { download } from '../../charts/download.js'
import { printJson5 } from '../../format/json5.js'
import { printIntervalOf } from '../../format/times.js'
import { Copyable } from '../../parts/source.js'

interface Props {
  readonly report: BacktestReport
  /** Its name suggests the pipeline's. */
  readonly file: string
}

/** The configuration under which such data would be forecast as a stream. */
export function KeepAsPipeline({ report, file }: Props) {
  const [name, setName] = useState(() => nameFrom(file))
  const valid = /^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/.test(name)
  const settings = settingsOf(report)
  const text = `${printJson5({ pipelines: { [name]: settings } })}\n`
  return (
    <section aria-labelledby="keep-title" class="stack">
      <h2 id="keep-title">Keep it as a pipeline</h2>
      <p class="muted">
        What a configuration file says so that such data are forecast as they come. Add it to the pipelines of
        yours, reload, and send it records; the file itself is fed with <code>tidecast replay</code>.
      </p>
      <label class="field">
        Name
        <input
          type="text"
          class="name"
          maxLength={100}
          value={name}
          aria-invalid={!valid}
          onInput={({ currentTarget }) => setName(currentTarget.value)}
        />
      </label>
      {valid ? (
        <>
          <Copyable name="Configuration" text={text} />
          <Copyable
            name="Feed it"
            text={`npx tidecast replay ${file === '' ? 'FILE.csv' : quoted(file)} --topic ${name} --rate max`}
          />
          <div class="buttons">
            <button type="button" onClick={() => download('tidecast.json5', new Blob([text]))}>
              Download the configuration
            </button>
            <button
              type="button"
              onClick={() => {
                plannedPipeline.set({ name, settings })
                go('configuration', {})
              }}
            >
              Plan it with what runs
            </button>
          </div>
        </>
      ) : (
        <p class="refused" role="alert">
          Letters, digits, _ and -, a letter or digit first.
        </p>
      )}
    </section>
  )
}

function settingsOf({ options, models }: BacktestReport): Readonly<Record<string, unknown>> {
  const { interval, season, horizon } = options
  const networks = models.filter(({ name }) => name !== 'baseline')
  const best = networks.reduce<(typeof models)[number] | undefined>(
    (least, one) => ((one.scores.wql ?? Infinity) < (least?.scores.wql ?? Infinity) ? one : least),
    undefined,
  )
  const seasons = season.long > season.short ? [season.short, season.long] : [season.short]
  return {
    interval: printIntervalOf(interval),
    season: seasons,
    horizon,
    ...(best === undefined || best.name === 'gru' ? {} : { model: { cell: best.name } }),
  }
}

function nameFrom(file: string): string {
  const name = file
    .replace(/\.[^.]*$/, '')
    .replaceAll(/[^A-Za-z0-9_-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 60)
  return name === '' ? 'mine' : name
}

function quoted(file: string): string {
  return /^[\w./-]+$/.test(file) ? file : `'${file.replaceAll("'", `'\\''`)}'`
}
