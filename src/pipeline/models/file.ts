/**
 * A model as a file, to be kept or taken elsewhere. Three parts, one after the other:
 *
 *   tidecast-model 1 <SHA-256 of all that follows, hexadecimal> LF
 *   the version without its weights, with its signature, as JSON on one line LF
 *   the weights, Float32, little-endian
 */
import { createHash } from 'node:crypto'
import { calendarSlots, stepWidth, targetFeatures, WEEKDAYS } from '../../core/target-index.js'
import { isTimeZone, type CalendarSpec } from '../../core/calendar.js'
import { StateLayout } from '../../core/layout.js'
import type { NetworkSpec } from '../../core/network-spec.js'
import { layoutOf } from '../../model/layout-of.js'
import { ModelError, MOST_FILE_BYTES } from '../../ports/control/models.js'
import type { StoredModel, TrainingReport } from '../../ports/model-store.js'
import { signatureOf, traitsOf } from './traits.js'

const MAGIC = 'tidecast-model'
const FORMAT = 1
const LINE_FEED = 10
/** Far beyond what the configuration allows, and small enough that nothing is allocated in vain. */
const MOST_WIDE = 65_536

export function encodeModelFile(model: StoredModel): Uint8Array {
  const { weights, ...description } = model
  const signature = signatureOf(traitsOf(model.spec))
  const content = Buffer.concat([
    Buffer.from(`${JSON.stringify({ ...description, signature })}\n`),
    Buffer.from(weights.buffer, weights.byteOffset, weights.byteLength),
  ])
  return Buffer.concat([Buffer.from(`${MAGIC} ${FORMAT} ${sha256(content)}\n`), content])
}

/** Throws a `ModelError` for whatever is not a model as `encodeModelFile` writes it. */
export function decodeModelFile(file: Uint8Array): StoredModel {
  if (file.length > MOST_FILE_BYTES) throw bad(`it has more than ${MOST_FILE_BYTES} bytes`)
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength)
  const [magic, format, checksum, ...rest] = line(bytes, 0, 200).split(' ')
  if (magic !== MAGIC || rest.length > 0) throw bad('it does not begin as a model file does')
  if (format !== String(FORMAT)) {
    const newer = Number(format) > FORMAT ? ', written by a newer Tidecast: upgrade this one' : ''
    throw bad(`its format is ${format}, not ${FORMAT}${newer}`)
  }
  const content = bytes.subarray(bytes.indexOf(LINE_FEED) + 1)
  if (sha256(content) !== checksum) throw bad('its checksum is another one: it is damaged, or not whole')
  const description = line(content, 0, content.length)
  const model = parsed(description)
  const flat = content.subarray(Buffer.byteLength(description) + 1)
  const { size } = layoutOf(model.spec)
  if (flat.length !== size * 4) throw bad(`it has ${flat.length / 4} weights, and its network needs ${size}`)
  // A copy, because Float32Array needs an alignment that the bytes need not have.
  const weights = new Float32Array(new Uint8Array(flat).buffer)
  if (!weights.every(Number.isFinite)) throw bad('a weight is not a finite number')
  return { ...model, weights }
}

function line(bytes: Buffer, from: number, most: number): string {
  const end = bytes.indexOf(LINE_FEED, from)
  if (end < 0 || end - from > most) throw bad('it does not begin as a model file does')
  return bytes.toString('utf8', from, end)
}

function parsed(text: string): Omit<StoredModel, 'weights'> {
  let model: unknown
  try {
    model = JSON.parse(text)
  } catch {
    throw bad('its description is not JSON')
  }
  const found = model as Partial<StoredModel> & { readonly signature?: string }
  const { pipeline, version, spec, report, scores, parent = null, verdict } = isObject(model) ? found : {}
  const complete =
    typeof pipeline === 'string' && isWhole(version) && isObject(spec) && isObject(report) && isObject(scores)
  if (!complete) throw bad('its description is not that of a model')
  assertSpec(spec)
  assertReport(report)
  if (!isObject(scores.network) || !isObject(scores.baseline)) throw bad('its scores are missing')
  if (found.signature !== signatureOf(traitsOf(spec))) throw bad('its signature is not that of its network')
  return { pipeline, version, spec, report, scores, parent, ...(verdict === undefined ? {} : { verdict }) }
}

/** What shapes depend on. What a pipeline needs besides is for `misfits` to say. */
function assertSpec(spec: NetworkSpec): void {
  const { layers, hidden, inputs, horizon, embedding, series, quantiles, nonNegative, season, symbols } = spec
  const sizes = [layers, hidden, horizon, inputs, spec.targetFeatures, spec.slots, spec.weekdays]
  const right =
    ['rnn', 'lstm', 'gru'].includes(spec.cell) &&
    sizes.every((size) => isWhole(size) && size <= MOST_WIDE) &&
    isWhole(spec.mixture + 1) &&
    Number.isInteger(embedding) &&
    embedding >= 0 &&
    embedding <= MOST_WIDE &&
    isTexts(series) &&
    (symbols === undefined || isTexts(symbols)) &&
    Array.isArray(quantiles) &&
    quantiles.every((q) => q > 0 && q < 1) &&
    isObject(season) &&
    isWhole(season.short) &&
    isWhole(season.long) &&
    Number.isInteger(spec.interval) &&
    spec.interval >= 0 &&
    (spec.decoder === undefined || Number.isInteger(spec.decoder.samples)) &&
    isSurrounded(spec) &&
    Array.isArray(nonNegative)
  if (!right) throw bad('its network is none that could be')
  if (symbols !== undefined) return
  const { interval, calendar, covariates, futureCovariates } = spec
  const layout = new StateLayout({
    ...{ interval, season, horizon, quantiles },
    ...(calendar === undefined ? {} : { calendar }),
    ...(covariates === undefined ? {} : { covariates }),
    ...(futureCovariates === undefined ? {} : { futureCovariates }),
  })
  const features = targetFeatures(layout)
  const asMade =
    spec.kind === layout.kind &&
    spec.mixture === features.mixture &&
    spec.slots === calendarSlots(layout) &&
    spec.weekdays === WEEKDAYS &&
    inputs === stepWidth(layout) &&
    spec.targetFeatures === features.all &&
    nonNegative.length === series.length + 1
  if (!asMade) throw bad('its network does not read series as this version of Tidecast does')
}

/** Whether its calendar and its covariates, where it has any, are such. */
function isSurrounded({ calendar, covariates, futureCovariates }: NetworkSpec): boolean {
  if (calendar !== undefined) {
    const { timeZone, holidays, days } = (isObject(calendar) ? calendar : {}) as Partial<CalendarSpec>
    if (!isTimeZone(timeZone) || !isTexts(holidays) || !Array.isArray(days)) return false
    if (!days.every(Number.isInteger)) return false
  }
  return (
    (covariates === undefined || isTexts(covariates)) &&
    (futureCovariates === undefined || (isObject(futureCovariates) && isTexts(futureCovariates.names)))
  )
}

function assertReport(report: TrainingReport): void {
  const { seconds, observations, series, updates, from, to, clippedShare, validationLoss, curve } = report
  const figures = [seconds, observations, series, updates, from, to, clippedShare, validationLoss]
  const right =
    figures.every((figure) => typeof figure === 'number') &&
    typeof report.startedAt === 'string' &&
    typeof report.backend === 'string' &&
    Array.isArray(curve)
  if (!right) throw bad('its training report is not whole')
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isWhole(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((text) => typeof text === 'string')
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function bad(why: string): ModelError {
  return new ModelError('bad-file', `This cannot be imported: ${why}.`)
}
