import type { PipelineStatus } from '../../ports/control.js'
import type { ConfigState } from '../../ports/control/config.js'
import type { LearningStatus } from '../../ports/control/learning.js'
import type { Beside, SeriesHistory } from '../../ports/control/series.js'
import type { Forecast } from '../../core/forecast/format.js'
import { Store } from '../base/store.js'
import { pathOf } from './client.js'

/** `lost`: no connection; `silent`: there is one, and nothing comes. Both mend themselves. */
export type Connection = 'connecting' | 'live' | 'silent' | 'lost'

export interface StatusEvent {
  /** ms */
  readonly at: number
  readonly notReady: string | null
  readonly pipelines: readonly PipelineStatus[]
}

export type TrainingEvent = Pick<LearningStatus, 'state' | 'reason' | 'text' | 'progress'> & {
  readonly pipeline: string
}

export interface Subject {
  readonly pipeline: string
  readonly series: string
}

/** What has come of the series that is looked at. */
export type SeriesEvent =
  | { readonly kind: 'observations'; readonly observations: SeriesHistory['observations'] }
  | { readonly kind: 'forecast'; readonly forecast: Forecast }
  | { readonly kind: 'beside'; readonly beside: Beside }

/** A status comes every second. */
const SILENT_MS = 4000
const REOPEN_MS = 15_000
const RETRY_MS = 2000

/** The page's one event stream. */
class Live {
  readonly connection = new Store<Connection>('connecting')
  /** Counts them: what was loaded before the present one may be out of date. */
  readonly connections = new Store(0)
  readonly status = new Store<StatusEvent | null>(null)
  readonly trainings = new Store<ReadonlyMap<string, TrainingEvent>>(new Map())
  /** Another object whenever another configuration runs, one was refused, or the files have changed. */
  readonly reload = new Store<ConfigState | null>(null)
  private readonly listeners = new Set<(event: SeriesEvent) => void>()
  private subject: Subject | null = null
  private source: EventSource | null = null
  private heard = 0
  private retry: ReturnType<typeof setTimeout> | undefined
  private wasLost = false

  start(): void {
    this.open()
    setInterval(() => this.check(), 1000)
  }

  /** From now on also tells of this series. @returns how to stop */
  watch(subject: Subject, listener: (event: SeriesEvent) => void): () => void {
    this.listeners.add(listener)
    this.follow(subject)
    return () => {
      this.listeners.delete(listener)
      if (this.subject === subject) this.follow(null)
    }
  }

  private follow(subject: Subject | null): void {
    this.subject = subject
    // A view that goes and one that comes ask for one new stream between them.
    clearTimeout(this.retry)
    this.retry = setTimeout(() => this.open(), 0)
  }

  private open(): void {
    this.source?.close()
    clearTimeout(this.retry)
    this.heard = Date.now()
    const source = new EventSource(pathOf('api/v1/events', { ...this.subject }))
    this.source = source
    source.addEventListener('status', ({ data }) => {
      this.heardNow()
      this.status.set(JSON.parse(String(data)) as StatusEvent)
    })
    source.addEventListener('training', ({ data }) => {
      const training = JSON.parse(String(data)) as TrainingEvent
      this.trainings.set(new Map(this.trainings.value).set(training.pipeline, training))
    })
    source.addEventListener('reload', ({ data }) => {
      this.reload.set(JSON.parse(String(data)) as ConfigState)
    })
    source.addEventListener('observation', ({ data }) => {
      const { observations } = JSON.parse(String(data)) as SeriesHistory
      this.tell({ kind: 'observations', observations })
    })
    source.addEventListener('forecast', ({ data }) => {
      this.tell({ kind: 'forecast', forecast: JSON.parse(String(data)) as Forecast })
    })
    source.addEventListener('beside', ({ data }) => {
      this.tell({ kind: 'beside', beside: JSON.parse(String(data)) as Beside })
    })
    source.addEventListener('error', () => {
      this.wasLost = true
      this.connection.set('lost')
      // After an answer that is no stream a browser does not try again by itself.
      if (source.readyState === EventSource.CLOSED && source === this.source) {
        clearTimeout(this.retry)
        this.retry = setTimeout(() => this.open(), RETRY_MS)
      }
    })
  }

  private heardNow(): void {
    this.heard = Date.now()
    this.connection.set('live')
    if (!this.wasLost) return
    this.wasLost = false
    this.connections.set(this.connections.value + 1)
  }

  private check(): void {
    const silence = Date.now() - this.heard
    if (this.connection.value === 'live' && silence > SILENT_MS) {
      this.wasLost = true
      this.connection.set('silent')
    }
    if (silence > REOPEN_MS) this.open()
  }

  private tell(event: SeriesEvent): void {
    for (const listener of this.listeners) listener(event)
  }
}

export const live = new Live()
