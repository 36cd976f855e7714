export interface StartupFacts {
  readonly version: string
  /** Of the HTTP server, without a trailing slash. */
  readonly url: string
  /** File that holds the token; null where it was configured and nobody needs telling. */
  readonly tokenFile: string | null
  readonly backend: string
  readonly pipelines: readonly { readonly name: string; readonly topic: string; readonly output: string }[]
}

/** What is running and where to look. Names the token's file, never the token: terminals are recorded and shared. */
export function startupText({ version, url, tokenFile, backend, pipelines }: StartupFacts): string {
  const [first] = pipelines
  const token = tokenFile === null ? '$TIDECAST_HTTP_TOKEN' : `$(cat ${shellWord(tokenFile)})`
  const example = '{"series":"a","ts":"2025-01-01T00:00:00Z","value":1}'
  const lines = [
    `Tidecast ${version} on ${backend}`,
    ...pipelines.map(({ name, topic, output }) => `  ${name}: ${topic} → ${output}`),
    `  status     ${url}/api/v1/pipelines`,
    `  metrics    ${url}/metrics`,
  ]
  if (first !== undefined) {
    lines.push(
      `  forecast   curl ${url}/api/v1/pipelines/${first.name}/series/a/forecast`,
      `  send       curl ${url}/api/v1/topics/${first.topic}/records -H "Authorization: Bearer ${token}" --data-binary '${example}'`,
    )
  }
  return `${lines.join('\n')}\n`
}

/** Inside double quotes and $( ), a word with anything unusual goes into single quotes. */
function shellWord(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`
}
