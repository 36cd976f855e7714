import { useState } from 'preact/hooks'
import type { CellKind } from '../../../core/network-spec.js'
import { zone } from '../../base/preferences.js'
import { useStore } from '../../base/store.js'
import { formatBytes, formatCount } from '../../format/numbers.js'
import { formatTime } from '../../format/times.js'
import { FileDrop } from '../../parts/file-drop.js'
import { guessGrid, type Guess } from './guess.js'

export interface TryChoice {
  readonly data: Blob | null
  /** Of the file; '' where the text was pasted. */
  readonly name: string
  readonly interval: string
  /** Steps with commas between. */
  readonly season: string
  readonly horizon: number
  readonly test: number
  readonly cells: readonly CellKind[]
}

export const NOTHING_CHOSEN: TryChoice = {
  data: null,
  name: '',
  interval: '1h',
  season: '24,168',
  horizon: 24,
  test: 0.2,
  cells: ['gru'],
}

const CELLS: readonly CellKind[] = ['gru', 'lstm', 'rnn']
/** Enough for a guess. */
const LOOKED_AT = 2_000_000
const MOST_BYTES = 32 * 2 ** 20

interface Props {
  readonly choice: TryChoice
  readonly chosen: (choice: TryChoice) => void
  readonly busy: boolean
  readonly start: () => void
}

/** Takes a file or a pasted text, and guesses its grid. */
export function TryForm({ choice, chosen, busy, start }: Props) {
  const [pasted, setPasted] = useState('')
  const [guess, setGuess] = useState<Guess | null>(null)
  const take = async (data: Blob, name: string): Promise<void> => {
    const found = guessGrid(await data.slice(0, LOOKED_AT).text())
    setGuess(found)
    const grid = found === null ? {} : { interval: found.interval, season: found.season.join(',') }
    chosen({ ...choice, ...grid, ...(found === null ? {} : { horizon: horizonFor(found) }), data, name })
  }
  const paste = (text: string): void => {
    setPasted(text)
    if (text.trim() === '') chosen({ ...choice, data: null, name: '' })
    else void take(new Blob([text]), '')
  }
  const { data, name, interval, season, horizon, test, cells } = choice
  const tooLarge = data !== null && data.size > MOST_BYTES
  const ready = data !== null && !tooLarge && interval.trim() !== '' && cells.length > 0
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault()
        if (ready) start()
      }}
    >
      <FileDrop
        label="Drop a CSV file"
        accept=".csv,text/csv"
        dropped={(file) => {
          setPasted('')
          void take(file, file.name)
        }}
      >
        <label class="field">
          Or paste it here
          <textarea
            class="draft"
            rows={5}
            spellcheck={false}
            value={pasted}
            placeholder={'series,ts,value\nnorth,2026-01-01T00:00:00Z,41.5'}
            onInput={({ currentTarget }) => paste(currentTarget.value)}
          />
        </label>
      </FileDrop>
      <p role="status" class={tooLarge ? 'refused' : 'muted'}>
        {data === null
          ? ''
          : tooLarge
            ? `${name} has ${formatBytes(data.size)}; 32 MB are taken. The command line takes any size.`
            : `${name === '' ? 'Pasted text' : name}, ${formatBytes(data.size)}`}
        {data === null || tooLarge ? null : <Seen guess={guess} />}
      </p>
      <div class="fields">
        <label class="field">
          Interval
          <input
            type="text"
            class="short"
            maxLength={40}
            value={interval}
            onInput={({ currentTarget }) => chosen({ ...choice, interval: currentTarget.value })}
          />
        </label>
        <label class="field">
          Seasons, in steps (1: none)
          <input
            type="text"
            class="short"
            maxLength={40}
            value={season}
            onInput={({ currentTarget }) => chosen({ ...choice, season: currentTarget.value })}
          />
        </label>
        <label class="field">
          Steps ahead
          <input
            type="number"
            class="short"
            min={1}
            max={1000}
            value={horizon}
            onInput={({ currentTarget }) => chosen({ ...choice, horizon: Number(currentTarget.value) })}
          />
        </label>
        <label class="field">
          Forecast the last
          <select
            value={test}
            onChange={({ currentTarget }) => chosen({ ...choice, test: Number(currentTarget.value) })}
          >
            {[0.1, 0.2, 0.3, 0.5].map((share) => (
              <option key={share} value={share}>
                {share * 100} %
              </option>
            ))}
          </select>
        </label>
        <fieldset class="checks">
          <legend>Networks</legend>
          {CELLS.map((cell) => (
            <label class="check" key={cell}>
              <input
                type="checkbox"
                checked={cells.includes(cell)}
                onChange={({ currentTarget: { checked } }) =>
                  chosen({
                    ...choice,
                    cells: CELLS.filter((one) => (one === cell ? checked : cells.includes(one))),
                  })
                }
              />
              {cell.toUpperCase()}
            </label>
          ))}
        </fieldset>
        <button type="submit" class="primary" disabled={!ready || busy}>
          Backtest
        </button>
      </div>
    </form>
  )
}

/** What was guessed of the file. */
function Seen({ guess }: { readonly guess: Guess | null }) {
  const chosenZone = useStore(zone)
  if (guess === null) return <>: its grid could not be guessed; say it below.</>
  const { series, from, to, interval, season } = guess
  const seasons = season[0] === 1 ? 'no season' : `seasons of ${season.join(' and ')} steps`
  return (
    <>
      : {formatCount(series)} series from {formatTime(from, chosenZone)} to {formatTime(to, chosenZone)} where
      it was looked at; guessed:{' '}
      {interval === 'observations' ? 'a step for each observation' : `a step of ${interval}`}, {seasons}.
    </>
  )
}

/** A short season ahead, where that is not very long. */
function horizonFor({ season }: Guess): number {
  const [short = 1] = season
  return short === 1 ? 5 : Math.min(short, 96)
}

/** As the daemon takes it. */
export function fitting(season: string): string {
  return season.replaceAll(/\s+/g, '')
}
