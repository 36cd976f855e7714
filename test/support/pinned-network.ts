import type { PipelineConfig } from '../../src/config/types.js'
import { initialWeights } from '../../src/model/initial-weights.js'
import { Random } from '../../src/model/random.js'
import type { ModelStore, Scores, StoredModel } from '../../src/ports/model-store.js'
import { networkSpec } from '../../src/training/network-spec.js'

const SCORES: Scores = { mase: 1, wql: 1, coverage: 0.8, targets: 1 }

/** A network with random weights that fits a pipeline, as a training would hand it over. */
export function randomNetwork(
  config: PipelineConfig,
  series: readonly string[],
  options: { readonly seed?: number; readonly observations?: number } = {},
): Omit<StoredModel, 'version'> {
  const { seed = 7, observations = 1 } = options
  // A value below zero: forecasts are not to be cut off there.
  const histories = series.map((name) => ({
    series: name,
    start: 0,
    values: Float64Array.of(-1),
    ts: Float64Array.of(0),
  }))
  const spec = networkSpec(histories, config, config.model)
  // An untrained head takes no notice of the hidden state; disturbed, any mix-up of states shows in the forecasts.
  const random = new Random(seed)
  const weights = initialWeights(spec, seed).map((weight) => weight + 0.1 * random.normal())
  return {
    pipeline: config.name,
    spec,
    weights,
    parent: null,
    report: {
      startedAt: new Date(0).toISOString(),
      seconds: 1,
      backend: 'none',
      observations,
      series: series.length,
      updates: 1,
      from: 0,
      to: 0,
      curve: [],
      clippedShare: 0,
      validationLoss: 1,
    },
    scores: { network: SCORES, baseline: SCORES },
  }
}

/** Puts a random network in charge of a pipeline. */
export async function pinNetwork(
  models: ModelStore,
  config: PipelineConfig,
  series: readonly string[],
): Promise<StoredModel> {
  const model = await models.put(randomNetwork(config, series))
  await models.setChampion(config.name, model.version)
  return model
}
