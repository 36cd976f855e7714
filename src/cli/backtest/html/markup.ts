/** Text that is HTML already. */
export class Markup {
  constructor(readonly text: string) {}
}

type Part = Markup | string | number | null | readonly (Markup | string)[]

const SPECIAL: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Text of which nothing is taken for HTML, in an element or a quoted attribute. */
function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => SPECIAL[character]!)
}

/** HTML from a template. Whatever is put into it is text unless it is `Markup`; `null` is nothing. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  const inserted = (part: Part | undefined): string => {
    if (part === null || part === undefined) return ''
    if (part instanceof Markup) return part.text
    if (typeof part === 'object') return part.map(inserted).join('')
    return escaped(String(part))
  }
  return new Markup(strings.map((text, i) => text + inserted(parts[i])).join(''))
}
