/**
 * Model versions as records of a compacted topic. Format version 1; keys are JSON, values
 *
 *   [pipeline, "champion"]       {version, former?}; version null while the baseline forecasts
 *   [pipeline, "decisions"]      Decision[], newest last
 *   [pipeline, version]          {format: 1, weights: {count, checksum, chunks}, model: StoredModel without weights}
 *   [pipeline, version, chunk]   Float32, little-endian; checksum is the CRC-32 of all chunks together
 */
import { crc32 } from 'node:zlib'
import { BrokerError } from '../../ports/broker.js'
import type { Decision, StoredModel } from '../../ports/model-store.js'
import { assertFormat } from '../embedded/errors.js'

const FORMAT = 1
const CHUNK_BYTES = 512 * 1024

export type Description = Omit<StoredModel, 'weights'>
export type ModelKey =
  readonly [string, 'champion' | 'decisions'] | readonly [string, number] | readonly [string, number, number]

export interface Champion {
  /** Absent in the first one. */
  readonly format?: number
  readonly version: number | null
  readonly former?: readonly (number | null)[]
}

export interface ModelEntry {
  readonly key: ModelKey
  readonly value: Buffer | null
}

interface Manifest {
  readonly format: number
  readonly weights: { readonly count: number; readonly checksum: number; readonly chunks: number }
  readonly model: Description
}

export function encodeModel(model: StoredModel): ModelEntry[] {
  const { weights, ...description } = model
  const { pipeline, version } = model
  const bytes = Buffer.from(weights.buffer, weights.byteOffset, weights.byteLength)
  const entries: ModelEntry[] = []
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    entries.push({ key: [pipeline, version, entries.length], value: bytes.subarray(at, at + CHUNK_BYTES) })
  }
  const manifest: Manifest = {
    format: FORMAT,
    weights: { count: weights.length, checksum: crc32(bytes), chunks: entries.length },
    model: description,
  }
  return [...entries, { key: [pipeline, version], value: Buffer.from(JSON.stringify(manifest)) }]
}

/** Of a model's records none is left. */
export function encodeRemoval({ weights, model }: Manifest): ModelEntry[] {
  const { pipeline, version } = model
  const chunks = Array.from({ length: weights.chunks }, (_, i): ModelEntry => ({
    key: [pipeline, version, i],
    value: null,
  }))
  return [{ key: [pipeline, version], value: null }, ...chunks]
}

export function encodeChampion(pipeline: string, champion: Champion): ModelEntry {
  return { key: [pipeline, 'champion'], value: Buffer.from(JSON.stringify(champion)) }
}

export function encodeDecisions(pipeline: string, decisions: readonly Decision[]): ModelEntry {
  return { key: [pipeline, 'decisions'], value: Buffer.from(JSON.stringify(decisions)) }
}

export function decodeDecisions(value: Buffer | undefined): readonly Decision[] {
  return value === undefined ? [] : (JSON.parse(value.toString()) as Decision[])
}

/** @param value `undefined`: only the baseline has ever forecast */
export function decodeChampion(value: Buffer | undefined, pipeline: string): Champion {
  if (value === undefined) return { version: null }
  const champion = JSON.parse(value.toString()) as Champion
  assertFormat(`The champion of pipeline ${pipeline}`, champion.format ?? FORMAT, FORMAT)
  return champion
}

export function decodeManifest(value: Buffer, pipeline: string, version: number): Manifest {
  const manifest = JSON.parse(value.toString()) as Manifest
  assertFormat(`Model version ${version} of pipeline ${pipeline}`, manifest.format, FORMAT)
  return manifest
}

export function decodeWeights(
  { weights, model }: Manifest,
  chunk: (number: number) => Buffer | undefined,
): Float32Array {
  const chunks = Array.from({ length: weights.chunks }, (_, i) => chunk(i) ?? Buffer.alloc(0))
  const bytes = Buffer.concat(chunks)
  if (bytes.length !== weights.count * 4 || crc32(bytes) !== weights.checksum) {
    throw corrupt(model.pipeline, model.version, 'its weights are damaged')
  }
  // A copy, because Float32Array needs an alignment that the bytes need not have.
  return new Float32Array(new Uint8Array(bytes).buffer)
}

function corrupt(pipeline: string, version: number, why: string): BrokerError {
  const message = `Model version ${version} of pipeline ${pipeline} cannot be used: ${why}. Train a new one.`
  return new BrokerError('corrupt', message)
}
