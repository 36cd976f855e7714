import { loadConfig } from '../../config/load.js'
import { TargetIndex } from '../../core/target-index.js'
import { StateLayout } from '../../core/layout.js'
import { Random } from '../../model/random.js'
import type { TensorFlow } from '../../model/tensorflow.js'
import { encodeHistory } from '../../training/encode-history.js'
import { fit } from '../../training/fit.js'
import { networkSpec } from '../../training/network-spec.js'
import type { BenchJob } from './protocol.js'

const HOUR = 3_600_000
const STEPS = 2000

/** Median time of an update of the training loop, by default settings, on a made-up series: it does not depend on the values. */
export async function secondsPerUpdate(tf: TensorFlow, fused: boolean, job: BenchJob): Promise<number> {
  const { cell, hidden, streams, updates } = job
  const settings = {
    interval: '1h',
    season: [24, 168],
    horizon: 24,
    model: { cell, hidden },
    training: { streams },
  }
  const text = JSON.stringify({ pipelines: { bench: settings } })
  const config = loadConfig({ files: [], text, env: {} }).pipelines[0]!
  const random = new Random(1)
  const values = Float64Array.from({ length: STEPS }, (_, t) => Math.sin(t / 4) + 0.1 * random.normal())
  const history = { series: 'a', start: 0, values, ts: values.map((_, t) => t * HOUR) }
  const layout = new StateLayout(config)
  const times: number[] = []
  let last = performance.now()
  await fit({
    tf,
    fused,
    spec: networkSpec([history], config, config.model),
    target: new TargetIndex(layout),
    ranges: [{ series: encodeHistory(layout, history, 0)!, end: STEPS }],
    updates,
    training: config.training,
    dropout: 0,
    signal: new AbortController().signal,
    onDynamics: () => undefined,
    onUpdate: () => {
      const now = performance.now()
      times.push(now - last)
      last = now
    },
  })
  return times.sort((a, b) => a - b)[times.length >> 1]! / 1000
}
