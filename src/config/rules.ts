import type { ConfigProblem } from './error.js'
import { kafkaRules } from './kafka-rules.js'
import { registryRules } from './registry-rules.js'
import { surroundingsRules } from './surroundings-rules.js'
import { symbolRules } from './symbol-rules.js'
import type { PipelineConfig } from './types.js'
import type { DaemonSettings } from './schema.js'

export type Rule<T> = {
  /** The rule is left out when one of these has a problem of its own. The first is the one reported. */
  readonly paths: readonly [string, ...string[]]
  readonly broken: (settings: T) => boolean
  readonly value: (settings: T) => unknown
  readonly expected: string
}

const daemonRules: readonly Rule<DaemonSettings>[] = [
  {
    paths: ['http.tokenFile', 'http.token'],
    broken: ({ http }) => http.token !== null && http.tokenFile !== null,
    value: ({ http }) => http.tokenFile,
    expected: 'no token file beside http.token: one of the two',
  },
  {
    paths: ['http.tls.key', 'http.tls.cert'],
    broken: ({ http }) => (http.tls.key === null) !== (http.tls.cert === null),
    value: ({ http }) => http.tls.key ?? undefined,
    expected: 'both http.tls.cert and http.tls.key, or neither',
  },
  {
    paths: ['broker.embedded.retentionBytes', 'broker.embedded.mapSize'],
    broken: ({ broker }) => broker.embedded.retentionBytes > broker.embedded.mapSize,
    value: ({ broker }) => broker.embedded.retentionBytes,
    expected: 'no more than broker.embedded.mapSize, which would be full before anything is deleted',
  },
  ...kafkaRules,
  ...registryRules,
]

/** Of a decoder that draws paths. */
const FEWEST_SAMPLES = 20

const pipelineRules: readonly Rule<PipelineConfig>[] = [
  ...symbolRules,
  ...surroundingsRules,
  {
    paths: ['aggregate', 'interval'],
    broken: ({ kind, interval, aggregate }) => kind === 'numbers' && interval === 0 && aggregate !== 'none',
    value: ({ aggregate }) => aggregate,
    expected: '"none" with interval "observations", which has no intervals to aggregate over',
  },
  {
    paths: ['allowedLateness', 'aggregate'],
    broken: ({ allowedLateness, aggregate }) => allowedLateness > 0 && aggregate === 'none',
    value: ({ allowedLateness }) => allowedLateness,
    expected: '"0s" without aggregate: only an aggregated interval can stay open',
  },
  {
    paths: ['state.ttl', 'limits.maxAhead', 'interval', 'allowedLateness'],
    broken: ({ state, limits, interval, allowedLateness }) =>
      state.ttl > 0 && state.ttl < limits.maxAhead + interval + allowedLateness,
    value: ({ state }) => state.ttl,
    expected:
      '"0s", or at least limits.maxAhead + interval + allowedLateness (ms): one wild time stamp must not end all series',
  },
  {
    paths: ['limits.minValue', 'limits.maxValue'],
    broken: ({ limits }) => limits.minValue >= limits.maxValue,
    value: ({ limits }) => limits.minValue,
    expected: 'less than limits.maxValue',
  },
  {
    paths: ['output', 'topic'],
    broken: ({ output, topic }) => output === topic,
    value: ({ output }) => output,
    expected: 'another topic than the one read from: the pipeline would forecast its own forecasts',
  },
  {
    paths: ['deadLetter', 'topic', 'output'],
    broken: ({ deadLetter, topic, output }) => deadLetter === topic || deadLetter === output,
    value: ({ deadLetter }) => deadLetter,
    expected: 'another topic than the ones read from and published to',
  },
  {
    paths: ['anomalies.topic', 'topic', 'output', 'deadLetter'],
    broken: ({ anomalies, topic, output, deadLetter }) =>
      [topic, output, deadLetter].some((name) => name === anomalies.topic),
    value: ({ anomalies }) => anomalies.topic,
    expected: 'another topic than those of input, forecasts and dead letters',
  },
  {
    paths: ['metrics.step', 'horizon', 'kind'],
    broken: ({ kind, metrics, horizon }) => kind === 'numbers' && metrics.step > horizon,
    value: ({ metrics }) => metrics.step,
    expected: 'no more than the horizon: nothing is forecast further ahead',
  },
  {
    paths: ['model.bidirectional'],
    broken: ({ model }) => model.bidirectional,
    value: ({ model }) => model.bidirectional,
    expected:
      'false: a bidirectional network reads what comes after each step too, so it cannot be the carried state of a ' +
      'stream; it is for windows known on both sides, such as gaps that are imputed',
  },
  {
    paths: ['model.samples', 'model.decoder'],
    broken: ({ model }) => model.samples > 0 && model.decoder !== 'autoregressive',
    value: ({ model }) => model.samples,
    expected: '0 unless model.decoder is "autoregressive": only a decoder draws paths',
  },
  {
    paths: ['model.samples'],
    broken: ({ model }) => model.samples > 0 && model.samples < FEWEST_SAMPLES,
    value: ({ model }) => model.samples,
    expected: `0, or at least ${String(FEWEST_SAMPLES)}: fewer paths do not show quantiles`,
  },
  {
    paths: ['model.temperature', 'model.samples'],
    broken: ({ model }) => model.temperature !== 1 && model.samples === 0,
    value: ({ model }) => model.temperature,
    expected: '1 without model.samples: it is the spread of drawn paths',
  },
  {
    paths: ['training.scheduledSampling', 'model.decoder'],
    broken: ({ model, training }) => training.scheduledSampling !== null && model.decoder === 'direct',
    value: ({ training }) => training.scheduledSampling,
    expected: 'nothing unless model.decoder is "autoregressive": only a decoder is fed with its own output',
  },
  {
    paths: ['model.dropout', 'model.layers'],
    broken: ({ model }) => model.dropout > 0 && model.layers === 1,
    value: ({ model }) => model.dropout,
    expected: '0 with one layer: dropout acts between layers',
  },
  {
    paths: ['model.residual', 'model.layers'],
    broken: ({ model }) => model.residual && model.layers === 1,
    value: ({ model }) => model.residual,
    expected: 'false with one layer: only a layer on top of another has an input of its own width',
  },
]

export function checkDaemon(settings: DaemonSettings, failed: ReadonlySet<string>): ConfigProblem[] {
  return check(daemonRules, settings, failed, '')
}

export function checkPipeline(pipeline: PipelineConfig, failed: ReadonlySet<string>): ConfigProblem[] {
  return check(pipelineRules, pipeline, failed, `pipelines.${pipeline.name}.`)
}

function check<T>(
  rules: readonly Rule<T>[],
  settings: T,
  failed: ReadonlySet<string>,
  prefix: string,
): ConfigProblem[] {
  return rules
    .filter((rule) => !rule.paths.some((path) => failed.has(path)) && rule.broken(settings))
    .map((rule) => ({ path: prefix + rule.paths[0], value: rule.value(settings), expected: rule.expected }))
}

/** A forecast topic has one writer: two would make its record per series and origin ambiguous. */
export function checkTogether(pipelines: readonly PipelineConfig[]): ConfigProblem[] {
  const problems: ConfigProblem[] = []
  const writers = new Map<string, string>()
  for (const { name, output } of pipelines) {
    const other = writers.get(output)
    if (other === undefined) writers.set(output, name)
    else
      problems.push({
        path: `pipelines.${name}.output`,
        value: output,
        expected: `a topic that "${other}" does not publish to`,
      })
  }
  for (const { name, deadLetter, anomalies } of pipelines) {
    for (const [path, topic] of [
      ['deadLetter', deadLetter],
      ['anomalies.topic', anomalies.topic],
    ] as const) {
      const other = topic === null ? undefined : writers.get(topic)
      if (other === undefined || other === name) continue
      problems.push({
        path: `pipelines.${name}.${path}`,
        value: topic,
        expected: `a topic that "${other}" does not publish to`,
      })
    }
  }
  return problems
}
