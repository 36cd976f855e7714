/**
 * Model versions. Formats version 1:
 *
 *   models   [pipeline, 'version', number] → {format: 1, weights: {count, checksum}, model: StoredModel without weights}, JSON
 *            [pipeline, 'champion'] → {version, former?}, JSON; absent where only the baseline has forecast
 *            [pipeline, 'decisions'] → Decision[], JSON, newest last
 *   weights  [pipeline, number] → Float32, little-endian; checksum is their CRC-32
 */
import { crc32 } from 'node:zlib'
import { BrokerError } from '../../ports/broker.js'
import { assertRemovable, championsAfter, DECISIONS_KEPT } from '../../ports/model-store.js'
import type { Decision, ModelStore, StoredModel } from '../../ports/model-store.js'
import type { Environment } from './environment.js'
import { assertFormat } from './errors.js'

const FORMAT = 1
/** Sorts after every number in LMDB's key order, whatever the version. */
const AFTER_NUMBERS = ''

type Description = Omit<StoredModel, 'weights'>

interface Champion {
  /** Absent in the first one. */
  readonly format?: number
  readonly version: number | null
  readonly former?: readonly (number | null)[]
}

interface Entry {
  readonly format: number
  readonly weights: { readonly count: number; readonly checksum: number }
  readonly model: Description
}

export class EmbeddedModelStore implements ModelStore {
  constructor(private readonly environment: Environment) {}

  list(pipeline: string): readonly Description[] {
    return this.#versions(pipeline).map((version) => this.#entry(pipeline, version).model)
  }

  get(pipeline: string, version: number): StoredModel | null {
    if (!this.#versions(pipeline).includes(version)) return null
    const { model, weights } = this.#entry(pipeline, version)
    const bytes = this.environment.weights.get([pipeline, version])
    if (bytes?.byteLength !== weights.count * 4 || crc32(bytes) !== weights.checksum) {
      throw corrupt(pipeline, version, 'its weights are damaged')
    }
    // A copy, because Float32Array needs an alignment that the stored bytes need not have.
    return { ...model, weights: new Float32Array(new Uint8Array(bytes).buffer) }
  }

  async put(model: Omit<StoredModel, 'version'>): Promise<StoredModel> {
    const { weights, ...rest } = model
    const bytes = Buffer.from(new Uint8Array(weights.buffer, weights.byteOffset, weights.byteLength))
    const version = await this.environment.write(bytes.length + 65_536, () => {
      const next = (this.#versions(model.pipeline).at(-1) ?? 0) + 1
      const entry: Entry = {
        format: FORMAT,
        weights: { count: weights.length, checksum: crc32(bytes) },
        model: { ...rest, version: next },
      }
      this.environment.models.putSync([model.pipeline, 'version', next], entry)
      this.environment.weights.putSync([model.pipeline, next], bytes)
      return next
    })
    return { ...model, version }
  }

  decisions(pipeline: string): readonly Decision[] {
    this.environment.assertOpen()
    return (this.environment.models.get([pipeline, 'decisions']) as Decision[] | undefined) ?? []
  }

  async note(pipeline: string, decision: Decision): Promise<void> {
    await this.environment.write(65_536, () => {
      const kept = [...this.decisions(pipeline), decision].slice(-DECISIONS_KEPT)
      this.environment.models.putSync([pipeline, 'decisions'], kept)
    })
  }

  champion(pipeline: string): number | null {
    return this.#champion(pipeline).version
  }

  formerChampions(pipeline: string): readonly (number | null)[] {
    return this.#champion(pipeline).former ?? []
  }

  async setChampion(pipeline: string, version: number | null): Promise<void> {
    await this.environment.write(0, () => {
      if (version !== null && !this.#versions(pipeline).includes(version)) {
        throw new RangeError(`Pipeline ${pipeline} has no model version ${version}.`)
      }
      const { version: present, former = [] } = this.#champion(pipeline)
      const entry: Champion = { version, former: championsAfter(former, present, version) }
      this.environment.models.putSync([pipeline, 'champion'], entry)
    })
  }

  async remove(pipeline: string, versions: readonly number[]): Promise<void> {
    await this.environment.write(0, () => {
      assertRemovable(versions, this.#versions(pipeline), this.champion(pipeline))
      for (const version of versions) {
        this.environment.models.removeSync([pipeline, 'version', version])
        this.environment.weights.removeSync([pipeline, version])
      }
    })
  }

  #champion(pipeline: string): Champion {
    this.environment.assertOpen()
    const stored = this.environment.models.get([pipeline, 'champion']) as Champion | undefined
    assertFormat(`The champion of pipeline ${pipeline}`, stored?.format ?? FORMAT, FORMAT)
    return stored ?? { version: null }
  }

  #versions(pipeline: string): number[] {
    this.environment.assertOpen()
    const range = { start: [pipeline, 'version', 0], end: [pipeline, 'version', AFTER_NUMBERS] }
    return [...this.environment.models.getKeys(range)].map((key) => key[2] as number)
  }

  #entry(pipeline: string, version: number): Entry {
    let entry: Entry
    try {
      entry = this.environment.models.get([pipeline, 'version', version]) as Entry
    } catch (cause) {
      throw corrupt(pipeline, version, 'its description is not JSON', cause)
    }
    assertFormat(`Model version ${version} of pipeline ${pipeline}`, entry.format, FORMAT)
    return entry
  }
}

function corrupt(pipeline: string, version: number, why: string, cause?: unknown): BrokerError {
  const message = `Model version ${version} of pipeline ${pipeline} cannot be used: ${why}. Train a new one, or restore it.`
  return new BrokerError('corrupt', message, false, { cause })
}
