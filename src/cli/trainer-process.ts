import { loadBackend } from '../adapters/tensorflow/backend.js'
import { CovariateTopic } from '../pipeline/covariate-topic.js'
import { systemClock } from '../ports/clock.js'
import { Vocabulary } from '../core/vocabulary.js'
import { TrainingError } from '../training/error.js'
import type { TrainingProgress } from '../training/progress.js'
import type { TrainerReply, TrainingJob } from '../training/protocol.js'
import { readHistories } from '../training/read-histories.js'
import { trainSymbols } from '../training/symbols/train.js'
import { trainNetwork } from '../training/train.js'
import { openRegistry } from './registry.js'
import { openBroker } from './broker.js'

/** Different symbols that are counted, to find the most frequent ones. */
const MOST_SEEN = 65_536

/** Entry of the trainer process: takes one job from its parent, answers, ends. Reads the log, writes nothing. */
const reply = (message: TrainerReply): Promise<void> =>
  new Promise((resolve) => {
    process.send?.(message, undefined, {}, () => {
      resolve()
    })
  })

// The mask covers the threads that TensorFlow runs on. A signal then goes to one of Node's own threads, and without a
// handler it would end the process: a closed terminal or Ctrl-C, which reach the whole group, are the daemon's to answer.
for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM', 'SIGUSR2', 'SIGWINCH'] as const) {
  process.on(signal, () => undefined)
}
process.once('disconnect', () => process.exit(0)) // the parent is gone: so is the purpose
process.once('message', (job) => {
  void run(job as TrainingJob)
})

async function run(job: TrainingJob): Promise<void> {
  try {
    const { tf, info } = await loadBackend(job.backend, 1, {
      device: job.config.training.device,
      env: process.env,
    })
    const broker = await openBroker(job.log, { clock: systemClock, pid: process.pid, readOnly: true })
    const registry = openRegistry(job.registry)
    const lookup = registry === null ? null : (id: number) => registry.schema(id)
    const seen = job.config.kind === 'symbols' ? new Vocabulary(MOST_SEEN) : null
    const ahead = CovariateTopic.of(broker, job.config)
    await ahead?.refresh()
    const histories = await readHistories(
      broker,
      job.config,
      {
        ...(job.from === null ? {} : { from: job.from }),
        ...(job.maxRecords === undefined ? {} : { maxRecords: job.maxRecords }),
        until: new Map(job.until),
      },
      lookup,
      seen,
      ahead?.table ?? null,
    )
    await broker.close()
    const observations = histories.reduce(
      (sum, { values }) => sum + values.reduce((n, value) => n + (value === value ? 1 : 0), 0),
      0,
    )
    const device = info.devices.join(', ')
    await reply({ kind: 'started', observations, series: histories.length, device })
    const { config } = job
    const options = {
      tf,
      fused: info.name === 'tensorflow',
      histories,
      model: config.model,
      training: config.training,
      calibration: config.calibration,
      ...(job.champion === undefined ? {} : { champion: job.champion }),
      ...(job.since === undefined ? {} : { since: job.since }),
      onProgress: (progress: TrainingProgress) => void reply({ kind: 'progress', progress }),
      signal: new AbortController().signal,
    }
    const result = await (seen === null
      ? trainNetwork({ ...options, shape: config })
      : trainSymbols({ ...options, seen, maxVocabulary: config.symbols.maxVocabulary }))
    const report = { ...result.report, backend: `${info.name} (${device})` }
    await reply({ kind: 'trained', result: { ...result, report } })
  } catch (error) {
    const reason = error instanceof TrainingError ? error.code : 'crashed'
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
    await reply({ kind: 'failed', reason, message })
  }
  process.disconnect()
}
