import type { RegisteredSchema } from '../core/value-format.js'
import type { SubjectSchema } from '../core/value-writer.js'

/** Where the schemas of values in Avro and JSON Schema are kept, by number and by subject. */
export interface SchemaRegistry {
  /** `null`: there is no schema with this id. What was found is remembered: a schema with an id never changes. */
  schema(id: number): Promise<RegisteredSchema | null>
  /** The schema that a subject's newest values are written with; `null`: it has none. */
  latest(subject: string): Promise<SubjectSchema | null>
  /**
   * The id of a schema under a subject. It is added there, if the registry's rules of compatibility let it; where the
   * place says not to, it must be there.
   */
  idOf(subject: string, schema: Pick<RegisteredSchema, 'type' | 'text'>): Promise<number>
}

export type RegistryErrorCode =
  | 'unavailable' // cannot be reached, answers too late, or with an error of its own
  | 'denied' // wants another login
  | 'not-registered' // and was not to be
  | 'incompatible' // with what the subject has
  | 'invalid' // an answer, or a request, that is none

export class RegistryError extends Error {
  override readonly name = 'RegistryError'
  constructor(
    readonly code: RegistryErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}

/** How a registry is reached. Plain data: it travels to the trainer's process. */
export interface RegistryPlace {
  /** Without a slash at its end. */
  readonly url: string
  readonly login?:
    | { readonly kind: 'basic'; readonly username: string; readonly password: string }
    | { readonly kind: 'bearer'; readonly token: string }
  /** File with certificates in PEM form; absent: the system's authorities. */
  readonly ca?: string
  readonly timeoutMs: number
  /** False: what is not registered is not to be. */
  readonly register: boolean
}
