import { NUMBERS, readRows, type FileObservation } from '../../adapters/files/observations.js'
import { createTelemetry } from '../../telemetry/telemetry.js'
import { backtest } from './backtest.js'
import { backtestConfig, requestedNetworks, retrainEveryOf } from './configuration.js'
import type { BacktestJob, BacktestReply } from './protocol.js'

/** Entry of the process of a backtest: takes one job from its parent, answers, ends. */
const over = new AbortController()
const reply = (message: BacktestReply): Promise<void> =>
  new Promise((resolve) => {
    process.send?.(message, undefined, {}, () => {
      resolve()
    })
  })
// The terminal's signals reach the whole group, and are the daemon's to answer.
for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM', 'SIGUSR2', 'SIGWINCH'] as const) {
  process.on(signal, () => undefined)
}
process.once('disconnect', () => over.abort())
process.once('message', (job) => void run(job as BacktestJob))

async function run(job: BacktestJob): Promise<void> {
  try {
    const rows: FileObservation[] = []
    for await (const chunk of readRows(job.file, NUMBERS)) rows.push(...chunk)
    const config = backtestConfig(job, process.env)
    const report = await backtest({
      rows,
      config,
      networks: requestedNetworks(job, config),
      test: job.test,
      stride: 1,
      retrainEvery: job.retrainEvery === undefined ? null : retrainEveryOf(job.retrainEvery),
      pid: process.pid,
      env: process.env,
      telemetry: createTelemetry({
        level: 'error',
        format: 'json',
        destination: process.stderr,
        version: '',
      }),
      signal: over.signal,
      onProgress: (progress) => void reply({ kind: 'progress', progress }),
    })
    await reply({ kind: 'done', report })
  } catch (error) {
    await reply({ kind: 'failed', why: error instanceof Error ? error.message : String(error) })
  }
  process.exit()
}
