/** What is shown in place of a secret. */
export const MASK = '********'

/** Shorter ones are ordinary words: masking them would leave nothing to read, and tell what they are. */
const SHORTEST = 8

/** A text from which secrets are gone: see `masker`. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  return masker(secrets)(text)
}

/**
 * Takes secrets out of texts: as they are, and as JSON writes them, once and twice, since a log line is JSON within JSON. For
 * what others have written, such as the answer of a server that repeats what it was sent.
 */
export function masker(secrets: readonly string[]): (text: string) => string {
  const inner = (secret: string): string => JSON.stringify(secret).slice(1, -1)
  const forms = secrets
    .filter(({ length }) => length >= SHORTEST)
    .flatMap((secret) => [secret, inner(secret), inner(inner(secret))])
  const longestFirst = [...new Set(forms)].sort((a, b) => b.length - a.length)
  return (text) => longestFirst.reduce((rest, form) => rest.replaceAll(form, MASK), text)
}
