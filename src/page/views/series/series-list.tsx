import { useEffect, useState } from 'preact/hooks'
import { type SeriesOrder, type SeriesSummary } from '../../../ports/control/series.js'
import { go } from '../../base/route.js'
import { formatCount, formatScore, formatValue, NOTHING } from '../../format/numbers.js'
import { formatSpan } from '../../format/times.js'
import { Notice } from '../../parts/notice.js'
import { VirtualList } from '../../parts/virtual-list.js'
import { useListing } from './series-pages.js'

const ORDERS: Readonly<Record<SeriesOrder, string>> = {
  series: 'Name',
  error: 'Worst accuracy',
  anomaly: 'Most anomalous',
  newest: 'Newest observation',
  stale: 'Longest silent',
}

const ROW_HEIGHT = 52
/** Typing is not searched letter by letter. */
const PAUSE_MS = 200

interface Props {
  readonly pipeline: string
  readonly chosen: string | undefined
}

export function SeriesList({ pipeline, chosen }: Props) {
  const [typed, setTyped] = useState('')
  const [search, setSearch] = useState('')
  const [sort, setSort] = useState<SeriesOrder>('series')
  const [active, setActive] = useState(0)
  const { total, error, at, shows } = useListing(pipeline, search, sort)

  useEffect(() => {
    const timer = setTimeout(() => {
      setSearch(typed)
      setActive(0)
    }, PAUSE_MS)
    return () => clearTimeout(timer)
  }, [typed])

  const choose = (index: number): void => {
    const found = at(index)
    if (found !== undefined) go('series', { pipeline, series: found.series })
  }
  return (
    <>
      <div class="fields">
        <label class="field">
          Search
          <input
            type="search"
            value={typed}
            maxLength={1024}
            placeholder="part of a name"
            onInput={({ currentTarget }) => setTyped(currentTarget.value)}
          />
        </label>
        <label class="field">
          Sort by
          <select value={sort} onChange={({ currentTarget }) => setSort(currentTarget.value as SeriesOrder)}>
            {Object.entries(ORDERS).map(([order, text]) => (
              <option key={order} value={order}>
                {text}
              </option>
            ))}
          </select>
        </label>
      </div>
      <p class="muted count" role="status">
        {total === undefined ? 'Loading …' : `${formatCount(total)} series${search === '' ? '' : ' found'}`}
      </p>
      {error !== undefined && total === undefined ? <Notice kind="error" title={error.message} /> : null}
      {total === 0 ? (
        <Notice kind="empty" title={search === '' ? 'No series yet.' : 'No series has that in its name.'}>
          <p>
            {search === ''
              ? 'They appear with their first observations.'
              : 'Search for less, or another part.'}
          </p>
        </Notice>
      ) : (
        <VirtualList
          total={total ?? 0}
          rowHeight={ROW_HEIGHT}
          active={active}
          label="Series"
          rowId={(index) => `series-${index}`}
          activated={setActive}
          chosen={choose}
          shows={shows}
          row={(index) => (
            <Row
              key={index}
              index={index}
              summary={at(index)}
              active={index === active}
              chosen={at(index)?.series === chosen}
              choose={() => {
                setActive(index)
                choose(index)
              }}
            />
          )}
        />
      )}
    </>
  )
}

interface RowProps {
  readonly index: number
  readonly summary: SeriesSummary | undefined
  readonly active: boolean
  readonly chosen: boolean
  readonly choose: () => void
}

function Row({ index, summary, active, chosen, choose }: RowProps) {
  return (
    <div
      id={`series-${index}`}
      role="option"
      aria-selected={chosen}
      class={`series-row ${active ? 'active' : ''}`}
      onClick={choose}
    >
      {summary === undefined ? (
        <span class="muted">…</span>
      ) : (
        <>
          <span class="name" dir="auto">
            {shortened(summary.series)}
          </span>
          <span class="figure">{formatOf(summary)}</span>
          <span class="muted small">{marksOf(summary)}</span>
          <span class="muted small figure">MASE {formatScore(summary.mase)}</span>
        </>
      )}
    </div>
  )
}

/** What a row can show; the whole name is where the series is. */
export function shortened(name: string, most = 200): string {
  return name.length <= most ? name : `${name.slice(0, most)}…`
}

function formatOf({ lastValue }: SeriesSummary): string {
  return typeof lastValue === 'string' ? shortened(lastValue, 20) : formatValue(lastValue)
}

function marksOf({ anomalyScore, stale, lastAt }: SeriesSummary): string {
  const marks = [
    stale && lastAt !== null ? `silent for ${formatSpan(Date.now() - lastAt)}` : '',
    anomalyScore !== null && anomalyScore > 1 ? '◆ unusual' : '',
  ].filter((mark) => mark !== '')
  return marks.length === 0 ? NOTHING : marks.join(' · ')
}
