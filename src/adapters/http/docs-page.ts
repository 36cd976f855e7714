import { createHash } from 'node:crypto'

const STYLE = `
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color-scheme: light dark }
section { border-top: 1px solid; padding: 0.5rem 0 1rem }
h2 { font: 600 1rem/1.5 ui-monospace, monospace; overflow-wrap: anywhere }
pre { overflow: auto; border: 1px solid; padding: 0.75rem }
td { padding: 0.1rem 1rem 0.1rem 0; vertical-align: top }
`

/** The page may show itself and nothing else. */
export const DOCS_POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`

interface Operation {
  readonly summary?: string
  readonly security: readonly object[]
  readonly parameters: readonly {
    readonly name: string
    readonly in: string
    readonly required: boolean
    readonly schema: object
  }[]
  readonly requestBody?: { readonly content: object }
  readonly responses: Readonly<Record<string, { readonly content?: object }>>
}

/** An OpenAPI document for people: one page of HTML, without scripts, that needs nothing from elsewhere. */
export function docsPage(document: object): string {
  const { paths } = document as {
    readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  }
  const sections = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => section(method, path, operation)),
  )
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Tidecast API</title><style>${STYLE}</style></head><body>
<h1>Tidecast API</h1>
<p>Reading needs no token; whatever changes something takes <code>Authorization: Bearer &lt;token&gt;</code>. For programs:
<a href="openapi.json">openapi.json</a>.</p>
${sections.join('\n')}
</body></html>
`
}

function section(method: string, path: string, operation: Operation): string {
  const { summary = '', security, parameters, requestBody, responses } = operation
  const rows = parameters.map(
    ({ name, in: place, required, schema }) =>
      `<tr><td><code>${escaped(name)}</code></td><td>${place}${required ? '' : ', optional'}</td><td><code>${json(schema)}</code></td></tr>`,
  )
  return [
    `<section><h2>${method.toUpperCase()} ${escaped(path)}</h2>`,
    `<p>${escaped(summary)}${security.length > 0 ? '; needs the token' : ''}</p>`,
    rows.length === 0 ? '' : `<table>${rows.join('')}</table>`,
    requestBody === undefined ? '' : contents('Body', requestBody.content),
    ...Object.entries(responses)
      .filter(([status]) => status !== 'default')
      .map(([status, { content = {} }]) => contents(`Answer ${status}`, content)),
    '</section>',
  ].join('\n')
}

function contents(title: string, content: object): string {
  return Object.entries(content as Readonly<Record<string, { readonly schema: object }>>)
    .map(
      ([type, { schema }]) =>
        `<details><summary>${title}: ${escaped(type)}</summary><pre>${json(schema, 2)}</pre></details>`,
    )
    .join('')
}

function json(value: object, indent?: number): string {
  return escaped(JSON.stringify(value, null, indent))
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`)
}
