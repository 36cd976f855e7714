import type { DriftAlarm } from '../core/drift.js'
import type { RejectReason } from '../core/decode.js'
import type { NamedReading } from '../core/named-reading.js'
import type { OutboundRecord } from '../ports/broker.js'
import type { ViewedStep } from './series/viewed.js'

/** What a batch came to; nothing of it has been published yet. */
export interface Advance {
  readonly outputs: OutboundRecord[]
  readonly rejected: Partial<Record<RejectReason, number>>
  accepted: number
  /** Series seen for the first time, or again after they were forgotten. */
  newSeries: number
  /** Series forgotten because they were idle for too long. */
  forgotten: number
  /** Records without a value, whether there was a state to delete or not. */
  tombstones: number
  steps: number
  masked: number
  resets: number
  forecasts: number
  byNetwork: number
  /** Observations reported as anomalies. */
  anomalies: number
  /** Alarms raised within the batch. */
  readonly drift: DriftAlarm[]
  /** Of the series that metrics are kept of, the newest that has come. */
  readonly named: NamedReading[]
  /** Steps of series that are being looked at. */
  readonly viewed: ViewedStep[]
  /** Waves the engine has stepped, each with its share of the time its part took. */
  readonly waves: { rows: number; seconds: number }[]
}

export function emptyAdvance(): Advance {
  return {
    outputs: [],
    rejected: {},
    accepted: 0,
    newSeries: 0,
    forgotten: 0,
    tombstones: 0,
    steps: 0,
    masked: 0,
    resets: 0,
    forecasts: 0,
    byNetwork: 0,
    anomalies: 0,
    drift: [],
    named: [],
    viewed: [],
    waves: [],
  }
}
