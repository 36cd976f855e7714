import { targetFeatures, INPUTS } from '../core/features.js'
import { StateLayout } from '../core/layout.js'
import type { NetworkSpec } from '../core/network-spec.js'
import type { PipelineConfig } from '../config/types.js'

/** Whether a stored network can forecast a pipeline as it is configured now; else the baseline does until the next training. */
export function fits(spec: NetworkSpec, config: PipelineConfig): boolean {
  const features = targetFeatures(new StateLayout(config))
  return (
    spec.cell === config.model.cell &&
    (spec.cell !== 'rnn' || spec.activation === config.model.activation) &&
    spec.layers === config.model.layers &&
    spec.hidden === config.model.hidden &&
    (spec.residual ?? false) === config.model.residual &&
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
