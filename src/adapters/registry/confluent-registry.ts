import { readFileSync } from 'node:fs'
import type { RegisteredSchema } from '../../core/value-format.js'
import type { SubjectSchema } from '../../core/value-writer.js'
import { RegistryError, type RegistryPlace, type SchemaRegistry } from '../../ports/schema-registry.js'
import { HttpJson } from './http-json.js'

/** Ids remembered; the oldest goes first. */
const MOST_KNOWN = 1000
/** How deep references may lead to references. */
const DEEPEST = 16
/** Of Confluent's interface: what an error code means. */
const NO_SUBJECT = 40401
const NO_VERSION = 40402
const NO_SCHEMA = 40403

interface Reference {
  readonly subject: string
  readonly version: number
}

/** A schema registry with the interface of Confluent's, `application/vnd.schemaregistry.v1+json`. */
export class ConfluentRegistry implements SchemaRegistry {
  private readonly known = new Map<number, RegisteredSchema>()
  private readonly http: HttpJson

  constructor(private readonly place: RegistryPlace) {
    this.http = new HttpJson(place, place.ca === undefined ? undefined : readFileSync(place.ca))
  }

  async schema(id: number): Promise<RegisteredSchema | null> {
    const known = this.known.get(id)
    if (known !== undefined) return known
    const found = await this.http.ask('GET', `/schemas/ids/${id}`)
    if (found.status === 404) return null
    const schema = await this.schemaOf(expectOk(found.status, found.body, `schema ${id}`))
    if (this.known.size === MOST_KNOWN) this.known.delete(this.known.keys().next().value!)
    this.known.set(id, schema)
    return schema
  }

  async latest(subject: string): Promise<SubjectSchema | null> {
    const found = await this.http.ask('GET', `/subjects/${encodeURIComponent(subject)}/versions/latest`)
    if (found.status === 404) return null
    const answer = expectOk(found.status, found.body, `subject ${subject}`)
    return { id: idIn(answer, subject), schema: await this.schemaOf(answer) }
  }

  async idOf(subject: string, { type, text }: Pick<RegisteredSchema, 'type' | 'text'>): Promise<number> {
    const { register } = this.place
    const path = `/subjects/${encodeURIComponent(subject)}${register ? '/versions' : ''}`
    const body = { schema: text, schemaType: type === 'avro' ? 'AVRO' : 'JSON' }
    const found = await this.http.ask('POST', path, body)
    const answer = objectOf(found.body)
    if ([NO_SUBJECT, NO_VERSION, NO_SCHEMA].includes(Number(answer['error_code']))) {
      throw new RegistryError(
        'not-registered',
        `subject ${subject} does not have the schema: register it there`,
      )
    }
    if (found.status === 409) {
      throw new RegistryError(
        'incompatible',
        `subject ${subject} refuses the schema: ${textOf(answer['message'])}`,
      )
    }
    return idIn(expectOk(found.status, found.body, `subject ${subject}`), subject)
  }

  private async schemaOf(answer: Readonly<Record<string, unknown>>): Promise<RegisteredSchema> {
    const { schema, schemaType = 'AVRO', references } = answer
    if (typeof schema !== 'string') throw new RegistryError('invalid', 'an answer without a schema')
    return {
      type: schemaType === 'AVRO' ? 'avro' : schemaType === 'JSON' ? 'json-schema' : 'other',
      text: schema,
      references: schemaType === 'AVRO' ? await this.resolve(referencesOf(references), new Set(), 0) : [],
    }
  }

  /** The schemas referred to, each after its own references, and once. */
  private async resolve(
    references: readonly Reference[],
    seen: Set<string>,
    depth: number,
  ): Promise<readonly string[]> {
    if (depth > DEEPEST) throw new RegistryError('invalid', 'schemas refer to each other too deeply')
    const texts: string[] = []
    for (const { subject, version } of references) {
      const path = `/subjects/${encodeURIComponent(subject)}/versions/${version}`
      if (seen.has(path)) continue
      seen.add(path)
      const found = await this.http.ask('GET', path)
      const answer = expectOk(found.status, found.body, `${subject}, version ${version}`)
      texts.push(...(await this.resolve(referencesOf(answer['references']), seen, depth + 1)))
      texts.push(textOf(answer['schema']))
    }
    return texts
  }
}

function idIn({ id }: Readonly<Record<string, unknown>>, subject: string): number {
  if (Number.isSafeInteger(id)) return Number(id)
  throw new RegistryError('invalid', `subject ${subject}: an answer without id`)
}

function referencesOf(references: unknown): readonly Reference[] {
  if (!Array.isArray(references)) return []
  return references.map((reference: unknown) => {
    const { subject, version } = objectOf(reference)
    if (typeof subject !== 'string' || !Number.isSafeInteger(version)) {
      throw new RegistryError('invalid', 'a reference without subject and version')
    }
    return { subject, version: Number(version) }
  })
}

function expectOk(status: number, body: unknown, what: string): Readonly<Record<string, unknown>> {
  const answer = objectOf(body)
  if (status === 200) return answer
  const detail = `${what}: ${status} ${textOf(answer['message'])}`.trim()
  if (status === 401 || status === 403) throw new RegistryError('denied', detail)
  // 429 and the server's own errors pass.
  throw new RegistryError(status >= 500 || status === 429 ? 'unavailable' : 'invalid', detail)
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {}
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, 300) : ''
}
