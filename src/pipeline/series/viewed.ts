import type { Forecast } from '../../core/forecast/format.js'
import type { Observed, TimeRange } from '../../ports/control/series.js'

/** A step of a viewed series that has been settled. */
export interface ViewedStep {
  readonly series: string
  /** ms */
  readonly ts: number
  readonly value: Observed
  /** What was published from it, as the contract's JSON; `null` where nothing was. */
  readonly forecast: string | null
}

/** Series whose news are kept. */
const MOST_VIEWED = 128
/** Characters of forecasts kept of each. */
const MOST_TEXT = 1 << 18
const MOST_OBSERVATIONS = 2000

interface Kept {
  readonly origin: number
  readonly json: string
}

/** What has come of a series since it was last asked for, and what had been read of its past. */
export class ViewedSeries {
  private readonly observations: (readonly [number, Observed])[] = []
  private forecasts: Kept[] = []
  private text = 0
  /** Of forecasts by origins from here on, all are kept; Infinity: none of the past have been read. */
  private floor = Infinity

  add({ ts, value, forecast }: ViewedStep): void {
    this.observations.push([ts, value])
    if (this.observations.length > MOST_OBSERVATIONS) this.observations.shift()
    if (forecast === null) return
    this.forecasts.push({ origin: ts, json: forecast })
    this.text += forecast.length
    this.trim()
  }

  /** Takes what was read of the past up to the present. @param from origin from which on nothing is missing */
  addPast(past: readonly Forecast[], from: number): void {
    const kept = new Map(past.map((forecast) => [Date.parse(forecast.origin), JSON.stringify(forecast)]))
    for (const { origin, json } of this.forecasts) kept.set(origin, json)
    this.forecasts = [...kept].sort(([a], [b]) => a - b).map(([origin, json]) => ({ origin, json }))
    this.text = this.forecasts.reduce((sum, { json }) => sum + json.length, 0)
    this.floor = Math.min(this.floor, from)
    this.trim()
  }

  /** The newest forecasts of a range; `null` where it may reach further back than what is kept. */
  within({
    from,
    to,
    limit,
  }: TimeRange): { readonly forecasts: readonly Forecast[]; readonly complete: boolean } | null {
    const found = this.forecasts.filter(({ origin }) => origin >= Math.max(from, this.floor) && origin <= to)
    const reaches = from >= this.floor
    if (!reaches && found.length < limit) return null
    const forecasts = found.slice(-limit).map(({ json }) => JSON.parse(json) as Forecast)
    return { forecasts, complete: reaches && found.length <= limit }
  }

  /** What has come later than `ts`: observations, oldest first, and the newest forecast as JSON. */
  since(ts: number): {
    readonly observations: readonly (readonly [number, Observed])[]
    readonly forecast: string | null
  } {
    let first = this.observations.length
    while (first > 0 && this.observations[first - 1]![0] > ts) first--
    const newest = this.forecasts.at(-1)
    return {
      observations: this.observations.slice(first),
      forecast: newest !== undefined && newest.origin > ts ? newest.json : null,
    }
  }

  private trim(): void {
    let gone = 0
    while (this.text > MOST_TEXT && gone < this.forecasts.length - 1)
      this.text -= this.forecasts[gone++]!.json.length
    if (gone === 0) return
    this.forecasts.splice(0, gone)
    if (this.floor < Infinity) this.floor = Math.max(this.floor, this.forecasts[0]!.origin)
  }
}

/** The series that have been looked at lately: of the others, nothing is kept beyond their states. */
export class ViewedList {
  /** The one that has not been looked at for longest comes first. */
  private readonly series = new Map<string, ViewedSeries>()

  /** Whether a step of it is to be told: asked for every step, so that nothing is done about the others. */
  has(series: string): boolean {
    return this.series.size > 0 && this.series.has(series)
  }

  /** From now on its news are kept. */
  look(series: string): ViewedSeries {
    const viewed = this.series.get(series) ?? new ViewedSeries()
    this.series.delete(series)
    this.series.set(series, viewed)
    if (this.series.size > MOST_VIEWED) this.series.delete(this.series.keys().next().value!)
    return viewed
  }

  take(steps: readonly ViewedStep[]): void {
    for (const step of steps) this.series.get(step.series)?.add(step)
  }

  /** Steps may be missed from here on, as when a partition goes to another process. */
  clear(): void {
    this.series.clear()
  }
}
