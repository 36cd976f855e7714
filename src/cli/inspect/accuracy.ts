import type { Config } from '../../config/types.js'
import type { LiveAccuracy } from '../../ports/control.js'
import type { SeriesState } from '../../ports/control/series.js'
import { addressOf, NoDaemon } from '../http/address.js'
import { HttpClient } from '../http/http-client.js'

/** Reading takes milliseconds, and a daemon that is stuck must not hide what is in the log. */
const TIMEOUT_MS = 2000

/** How the forecasts of a series have done, from the daemon at work on it; `null` where none is, or it knows nothing of it. */
export async function accuracyOf(
  { http }: Config,
  pipeline: string,
  series: string,
): Promise<LiveAccuracy['horizons'] | null> {
  try {
    const client = new HttpClient(addressOf(http), '', TIMEOUT_MS)
    const path = `/api/v1/pipelines/${encodeURIComponent(pipeline)}/series/state`
    const { status, body } = await client.get(`${path}?series=${encodeURIComponent(series)}`)
    return status === 200 ? (body as unknown as SeriesState).accuracy : null
  } catch (error) {
    if (error instanceof NoDaemon) return null
    throw error
  }
}
