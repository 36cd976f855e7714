import { get, type IncomingMessage } from 'node:http'
import process from 'node:process'

/** How many are to look on from now on. */
export interface ViewersOrder {
  readonly url: string
  readonly viewers: number
  readonly pipeline: string
}

/** As the page asks for its lists and states. */
const EVERY_MS = 5000

let leave: (() => void)[] = []

process.on('message', (message) => {
  const { url, viewers, pipeline } = message as ViewersOrder
  for (const step of leave) step()
  leave = []
  const series = Array.from({ length: viewers }, (_, i) => `meter-${i}`)
  void Promise.all(series.map((name) => look(url, pipeline, name))).then(() => process.send?.('there'))
})

/** What one open page asks for: again and again, and the stream of events. What comes is only read: drawing costs others. */
async function look(url: string, pipeline: string, series: string): Promise<void> {
  const of = new URLSearchParams({ pipeline, series })
  const at = `${url}/api/v1/pipelines/${pipeline}/series`
  const events = await opened(`${url}/api/v1/events?${String(of)}`)
  const again = [`${at}?limit=100`, `${at}/state?series=${series}`, `${url}/api/v1/problems`]
  for (const path of again) await read(path)
  const timer = setInterval(() => again.forEach((path) => void read(path).catch(() => undefined)), EVERY_MS)
  leave.push(
    () => clearInterval(timer),
    () => events.destroy(),
  )
}

function opened(url: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get(url, (response) => {
      response.on('error', () => undefined)
      response.resume()
      resolve(response)
    }).once('error', reject)
  })
}

/** The listener is there before the answer: a short one is over at once. */
function read(url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    get(url, (response) => {
      response.once('close', resolve).resume()
    }).once('error', reject)
  })
}
