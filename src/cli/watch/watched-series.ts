import type { Forecast } from '../../core/forecast/format.js'
import type { PipelineStatus } from '../../ports/control.js'
import type { SeriesForecasts, SeriesHistory, SeriesPage, SeriesState } from '../../ports/control/series.js'
import type { Address } from '../http/address.js'
import { HttpClient } from '../http/http-client.js'
import { serverEvents } from './events.js'
import type { Watched } from './frame.js'

/** Observations that are kept to be drawn. */
const MOST = 2000
/** The daemon says something every second; after so long without, the connection is given up. */
const SILENCE_MS = 15_000

type Choice = Pick<Watched, 'pipeline' | 'series'>

/** Which series is meant. Without a name: the one with the newest observation. Rejects in words. */
export async function chooseSeries(
  address: Address,
  pipeline: string | undefined,
  series: string | undefined,
): Promise<Choice> {
  const client = new HttpClient(address)
  const names = (await client.pipelines()).map(({ name }) => name)
  if (pipeline !== undefined && !names.includes(pipeline)) {
    throw new Error(`there is no pipeline "${pipeline}"; there are: ${names.join(', ')}`)
  }
  const candidates = pipeline === undefined ? names : [pipeline]
  const found: Choice[] = []
  for (const name of candidates) {
    const known = await firstOf(client, name, series)
    if (known !== null) found.push({ pipeline: name, series: known })
    if (known !== null && series === undefined) break
  }
  const [only, another] = found
  const among = candidates.map((name) => `"${name}"`).join(', ')
  if (only === undefined) {
    throw new Error(
      series === undefined
        ? `nothing has been observed yet in ${among}`
        : `nothing is known of series "${series}" in ${among}`,
    )
  }
  if (another !== undefined) {
    const places = found.map((one) => one.pipeline).join(' and ')
    throw new Error(`series "${series}" is in ${places}: choose with --pipeline`)
  }
  return only
}

async function firstOf(
  client: HttpClient,
  pipeline: string,
  series: string | undefined,
): Promise<string | null> {
  const at = pathOf(pipeline)
  if (series === undefined) {
    const page = await get<SeriesPage>(client, `${at}?sort=newest&limit=1`)
    return page?.items[0]?.series ?? null
  }
  return (await get(client, `${at}/state?series=${encodeURIComponent(series)}`)) === null ? null : series
}

/** A series as the daemon tells of it: whole at first, then by what comes. */
export class WatchedSeries {
  view: Watched
  /** Called whenever there is something new to be drawn. */
  changed = (): void => undefined

  private constructor(
    private readonly address: Address,
    choice: Choice,
  ) {
    this.view = { ...choice, observations: [], forecast: null, state: null, status: null, trouble: null }
  }

  static async open(address: Address, choice: Choice): Promise<WatchedSeries> {
    const watched = new WatchedSeries(address, choice)
    await watched.load()
    return watched
  }

  /** Takes what comes until the connection ends; rejects when it breaks, or `signal` fires. */
  async follow(signal: AbortSignal): Promise<void> {
    const { pipeline, series } = this.view
    const silence = new AbortController()
    const timer = setTimeout(() => silence.abort(), SILENCE_MS)
    try {
      const query = `pipeline=${encodeURIComponent(pipeline)}&series=${encodeURIComponent(series)}`
      const response = await this.address.fetch(`${this.address.url}/api/v1/events?${query}`, {
        signal: AbortSignal.any([signal, silence.signal]),
      })
      if (response.status !== 200 || response.body === null) {
        throw new Error(`the daemon answered ${response.status}`)
      }
      await this.load()
      for await (const { event, data } of serverEvents(response.body)) {
        timer.refresh()
        this.take(event, data)
      }
    } finally {
      clearTimeout(timer)
    }
  }

  lost(): void {
    this.show({ trouble: `disconnected from ${this.address.url}; trying again` })
  }

  private async load(): Promise<void> {
    const { pipeline, series } = this.view
    const client = new HttpClient(this.address)
    const at = pathOf(pipeline)
    const name = `series=${encodeURIComponent(series)}`
    const [history, forecasts, state, status] = await Promise.all([
      get<SeriesHistory>(client, `${at}/history?${name}&limit=${MOST}`),
      get<SeriesForecasts>(client, `${at}/forecasts?${name}&limit=1`),
      get<SeriesState>(client, `${at}/state?${name}`),
      get<PipelineStatus>(client, `/api/v1/pipelines/${encodeURIComponent(pipeline)}`),
    ])
    this.show({
      observations: (history?.observations ?? []).map(numeric),
      forecast: forecasts?.forecasts.at(-1) ?? null,
      state,
      status,
      trouble: null,
    })
  }

  private take(event: string, data: unknown): void {
    if (event === 'status') {
      const { pipelines } = data as { readonly pipelines: readonly PipelineStatus[] }
      this.show({ status: pipelines.find(({ name }) => name === this.view.pipeline) ?? null })
    } else if (event === 'observation') {
      const { observations } = data as SeriesHistory
      const newest = this.view.observations.at(-1)?.[0] ?? -Infinity
      const later = observations.filter(([ts]) => ts > newest).map(numeric)
      this.show({ observations: [...this.view.observations, ...later].slice(-MOST) })
    } else if (event === 'forecast') this.show({ forecast: data as Forecast })
  }

  private show(news: Partial<Watched>): void {
    this.view = { ...this.view, ...news }
    this.changed()
  }
}

function pathOf(pipeline: string): string {
  return `/api/v1/pipelines/${encodeURIComponent(pipeline)}/series`
}

/** `null`: there is no such thing. */
async function get<T>(client: HttpClient, path: string): Promise<T | null> {
  const { status, body, error } = await client.get(path)
  if (status === 200) return body as T
  if (status === 404) return null
  throw new Error(error.message)
}

/** Symbols are not drawn. */
function numeric([ts, value]: SeriesHistory['observations'][number]): readonly [number, number | null] {
  return [ts, typeof value === 'number' ? value : null]
}
