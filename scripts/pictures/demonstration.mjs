import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { root } from '../setup/paths.mjs'

/** Runs the demonstration in a folder, with its data in `data` there: no path of this machine is in what it shows. @param more settings, as `path=value` */
export function startDemonstration(folder, more = []) {
  const settings = ['dataDir=data', 'http.port=0', ...more].flatMap((setting) => ['--set', setting])
  return spawn(process.execPath, [join(root, 'bin/tidecast.js'), 'run', '--demo', ...settings], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
}

/** Its address. */
export function listening(daemon) {
  return new Promise((resolve, reject) => {
    let text = ''
    daemon.stderr.setEncoding('utf8').on('data', (chunk) => {
      text = (text + chunk).slice(-20_000)
      const url = /metrics +(http:\S+)\/metrics/.exec(text)?.[1]
      if (url !== undefined) resolve(url)
    })
    daemon.once('exit', () => reject(new Error(`the daemon ended before it listened:\n${text}`)))
  })
}

/** Waits for a network that forecasts electricity, and says what its training does meanwhile. */
export async function untilNetwork(url, waitMs) {
  const deadline = Date.now() + waitMs
  for (;;) {
    const { model, training } = await (await fetch(`${url}/api/v1/pipelines/electricity`)).json()
    if (!model.startsWith('baseline')) return
    if (Date.now() > deadline) throw new Error(`no network in ${waitMs / 1000} s: ${training}`)
    process.stderr.write(`\r${training}\u001b[K`)
    await new Promise((resolve) => setTimeout(resolve, 1000))
  }
}
