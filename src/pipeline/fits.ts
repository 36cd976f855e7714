import { targetFeatures, INPUTS } from '../core/features.js'
import { StateLayout } from '../core/layout.js'
import type { NetworkSpec } from '../core/network-spec.js'
import type { PipelineConfig } from '../config/types.js'

/** Whether a stored network can forecast a pipeline as it is configured now; else the baseline does until the next training. */
export function fits(spec: NetworkSpec, config: PipelineConfig): boolean {
  return config.kind === 'symbols' ? readsAlike(spec, config) : forecastsAlike(spec, config)
}

/** The same stack of the same cells: states can be shared. */
function stacksAlike(spec: NetworkSpec, config: PipelineConfig): boolean {
  return (
    spec.cell === config.model.cell &&
    (spec.cell !== 'rnn' || spec.activation === config.model.activation) &&
    spec.layers === config.model.layers &&
    spec.hidden === config.model.hidden &&
    (spec.residual ?? false) === config.model.residual
  )
}

function readsAlike(spec: NetworkSpec, config: PipelineConfig): boolean {
  const { symbols } = spec
  return symbols !== undefined && symbols.length <= config.symbols.maxVocabulary && stacksAlike(spec, config)
}

function forecastsAlike(spec: NetworkSpec, config: PipelineConfig): boolean {
  const features = targetFeatures(new StateLayout(config))
  return (
    spec.symbols === undefined &&
    stacksAlike(spec, config) &&
    decodesAlike(spec, config.model) &&
    spec.inputs === INPUTS &&
    spec.targetFeatures === features.all &&
    spec.horizon === config.horizon &&
    spec.interval === config.interval &&
    spec.season.short === config.season.short &&
    spec.season.long === config.season.long &&
    spec.quantiles.length === config.quantiles.length &&
    spec.quantiles.every((q, i) => q === config.quantiles[i])
  )
}

/** Paths and medians are learnt differently; how many paths, and how wide they spread, is not. */
function decodesAlike({ decoder }: NetworkSpec, model: PipelineConfig['model']): boolean {
  if (decoder === undefined) return model.decoder === 'direct'
  return model.decoder === 'autoregressive' && decoder.samples > 0 === model.samples > 0
}

/** A network that fits, with what can be chosen anew as it is configured now. */
export function asConfigured(spec: NetworkSpec, { model }: PipelineConfig): NetworkSpec {
  const { samples, temperature } = model
  return spec.decoder === undefined ? spec : { ...spec, decoder: { samples, temperature } }
}
