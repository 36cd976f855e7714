import { useState } from 'preact/hooks'
import type { ConfigStatus, ShownValue } from '../../../ports/control/config.js'
import { formatCount } from '../../format/numbers.js'
import { Notice } from '../../parts/notice.js'
import { SourceButton } from '../../parts/source.js'
import { fileName } from './file-name.js'
import { printValue } from './print-value.js'

/** Rows that are drawn before somebody asks for all. */
const MOST_ROWS = 300

/** Every value in effect, and the file, variable or option it came from. */
export function ValueTable({ values, files }: Pick<ConfigStatus, 'values' | 'files'>) {
  const [search, setSearch] = useState('')
  const [onlySet, setOnlySet] = useState(true)
  const [all, setAll] = useState(false)
  const found = valuesFound(values, search, onlySet)
  const shown = all ? found : found.slice(0, MOST_ROWS)
  return (
    <section aria-labelledby="values-title" class="stack">
      <h2 id="values-title">
        Values <SourceButton of="Values in effect" source={{ path: 'api/v1/config' }} />
      </h2>
      <div class="fields">
        <label class="field grow">
          Search
          <input
            type="search"
            value={search}
            maxLength={200}
            placeholder="part of a name, a value or an origin"
            onInput={({ currentTarget }) => setSearch(currentTarget.value)}
          />
        </label>
        <label class="check">
          <input
            type="checkbox"
            checked={onlySet}
            onChange={({ currentTarget }) => setOnlySet(currentTarget.checked)}
          />
          Only what is not the default
        </label>
      </div>
      <p class="muted count" role="status">
        {formatCount(found.length)} of {formatCount(values.length)} settings
      </p>
      {found.length === 0 ? (
        <Notice kind="empty" title="No setting is like that.">
          {onlySet ? <p>Defaults are not shown.</p> : null}
        </Notice>
      ) : (
        <table class="values">
          <thead>
            <tr>
              <th scope="col">Setting</th>
              <th scope="col">Value</th>
              <th scope="col">From</th>
            </tr>
          </thead>
          <tbody>
            {shown.map(({ path, value, origin, masked }) => (
              <tr key={path}>
                <th scope="row" class="path">
                  {path}
                </th>
                <td>
                  {masked ? (
                    <span class="muted">a secret, which is not shown</span>
                  ) : (
                    <code>{printValue(value)}</code>
                  )}
                </td>
                <td class="muted small" title={origin}>
                  {files.includes(origin) ? fileName(origin) : origin}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {shown.length < found.length ? (
        <button type="button" onClick={() => setAll(true)}>
          Show all {formatCount(found.length)}
        </button>
      ) : null}
    </section>
  )
}

export function valuesFound(
  values: readonly ShownValue[],
  search: string,
  onlySet: boolean,
): readonly ShownValue[] {
  const wanted = search.trim().toLowerCase()
  return values.filter(({ path, value, origin }) => {
    if (onlySet && origin === 'default') return false
    return wanted === '' || `${path} ${printValue(value)} ${origin}`.toLowerCase().includes(wanted)
  })
}
