import type { NetworkSpec } from '../core/network-spec.js'
import type { PipelineConfig } from '../config/types.js'
import { differences, traitsFor, traitsOf } from './models/traits.js'

/** Whether a stored network can forecast a pipeline as it is configured now; else the baseline does until the next training. */
export function fits(spec: NetworkSpec, config: PipelineConfig): boolean {
  return misfits(spec, config).length === 0
}

/** Why it cannot, in words; empty where it can. */
export function misfits(spec: NetworkSpec, config: PipelineConfig): string[] {
  const { maxVocabulary } = config.symbols
  const { length: known } = spec.symbols ?? []
  return [
    ...differences(traitsOf(spec), traitsFor(config)),
    ...(config.kind === 'symbols' && known > maxVocabulary
      ? [`a vocabulary of ${known} symbols, not at most ${maxVocabulary}`]
      : []),
  ]
}

/** A network that fits, with what can be chosen anew as it is configured now. */
export function asConfigured(spec: NetworkSpec, { model }: PipelineConfig): NetworkSpec {
  const { samples, temperature } = model
  return spec.decoder === undefined ? spec : { ...spec, decoder: { samples, temperature } }
}
