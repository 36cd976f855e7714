import type { PipelineConfig } from '../config/types.js'
import { valueSubject } from '../core/forecast/schemas.js'
import { UnfitValue, valueWriter, type SubjectSchema, type ValueWriter } from '../core/value-writer.js'
import { RegistryError, type SchemaRegistry } from '../ports/schema-registry.js'

/** Writes to topics as the pipelines that read them expect it; a topic that none reads is in JSON. */
export class InputWriters {
  private readonly known = new Map<string, ValueWriter>()

  constructor(
    private readonly pipelines: readonly Pick<PipelineConfig, 'topic' | 'encoding'>[],
    private readonly registry: SchemaRegistry | null,
  ) {}

  /** Asks for the topic's latest schema, once. Rejects with `RegistryError`, also where there is none that fits. */
  async of(topic: string): Promise<ValueWriter> {
    const known = this.known.get(topic)
    if (known !== undefined) return known
    const encoding = this.pipelines.find((pipeline) => pipeline.topic === topic)?.encoding.input ?? 'json'
    const framed = encoding === 'avro' || encoding === 'json-schema'
    const subject = valueSubject(topic)
    try {
      const writer = valueWriter(encoding, framed ? await this.latest(subject) : null)
      this.known.set(topic, writer)
      return writer
    } catch (error) {
      if (!(error instanceof UnfitValue)) throw error
      throw new RegistryError('invalid', `subject ${subject}: ${error.message}`, { cause: error })
    }
  }

  /** Something did not fit: the next time the schema is asked for again, since there may be a later one. */
  forget(topic: string): void {
    this.known.delete(topic)
  }

  private async latest(subject: string): Promise<SubjectSchema> {
    const found = (await this.registry?.latest(subject)) ?? null
    if (found !== null) return found
    throw new RegistryError('not-registered', `subject ${subject} has no schema: register one there`)
  }
}
