import { html, type Markup } from './markup.js'

export type Cell = string | Markup

/** A table; of each row the first cell is its heading. @param caption for those who do not see it */
export function tableOf(
  caption: string,
  names: readonly string[],
  rows: readonly (readonly Cell[])[],
): Markup {
  const head = names.map((name) => html`<th scope="col">${name}</th>`)
  const body = rows.map(([first = '', ...rest]) => {
    const cells = rest.map((cell) => html`<td>${cell}</td>`)
    return html`<tr>
      <th scope="row">${first}</th>
      ${cells}
    </tr>`
  })
  return html`<div class="table" role="region" aria-label="${caption}" tabindex="0">
    <table>
      <caption>
        ${caption}
      </caption>
      <thead>
        <tr>
          ${head}
        </tr>
      </thead>
      <tbody>
        ${body}
      </tbody>
    </table>
  </div>`
}
