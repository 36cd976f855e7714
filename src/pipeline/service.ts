import type { PipelineConfig } from '../config/types.js'
import type { NetworkSpec } from '../core/network-spec.js'
import { isDeepStrictEqual } from 'node:util'
import { fits } from './fits.js'
import { signature } from './partition-meta.js'

const PLAIN_CALENDAR = { timeZone: 'UTC', holidays: [], days: [] }

/** What a pipeline does under a configuration with the network it has. */
export interface Service {
  /** Shape of the states and of what is computed: the network's, where there is one. */
  readonly computed: PipelineConfig
  /** The same with the horizon and the quantiles that are published. */
  readonly published: PipelineConfig
  /** Nothing more is wanted than is computed; else another network is to be trained. */
  readonly complete: boolean
}

/**
 * A network goes on serving under a configuration that asks for another one. Of what it computes, so much is published as
 * is asked for; where that is more than it computes, all of it is. `null` where it cannot serve at all: its input would be
 * another one.
 * @param spec of the network in use; `null`: the baseline forecasts whatever is asked for
 */
export function serviceOf(config: PipelineConfig, spec: NetworkSpec | null): Service | null {
  if (spec === null) return { computed: config, published: config, complete: true }
  const computed = shapedBy(config, spec)
  if (!fits(spec, computed)) return null
  if (config.kind === 'symbols') return { computed, published: computed, complete: fits(spec, config) }
  const finer = config.quantiles.some((level) => !spec.quantiles.includes(level))
  const horizon = Math.min(config.horizon, spec.horizon)
  const quantiles = finer ? spec.quantiles : config.quantiles
  const alike = fits(spec, { ...config, horizon: spec.horizon, quantiles: spec.quantiles })
  return {
    computed,
    published: { ...computed, horizon, quantiles },
    complete: alike && !finer && config.horizon <= spec.horizon,
  }
}

/** The states of one can be those of the other as they are. */
export function sharesStates(one: Service, other: Service): boolean {
  return (
    signature(one.computed) === signature(other.computed) &&
    // They shape no state, but what is read of one.
    isDeepStrictEqual(one.computed.calendar, other.computed.calendar) &&
    isDeepStrictEqual(one.computed.futureCovariates, other.computed.futureCovariates)
  )
}

function shapedBy(config: PipelineConfig, spec: NetworkSpec): PipelineConfig {
  const { decoder } = spec
  const { samples } = config.model
  const model: PipelineConfig['model'] = {
    ...config.model,
    cell: spec.cell,
    activation: spec.activation ?? config.model.activation,
    layers: spec.layers,
    hidden: spec.hidden,
    residual: spec.residual ?? false,
    decoder: decoder === undefined ? 'direct' : 'autoregressive',
    samples: decoder === undefined || decoder.samples > 0 === samples > 0 ? samples : decoder.samples,
  }
  return config.kind === 'symbols'
    ? { ...config, model }
    : {
        ...config,
        model,
        horizon: spec.horizon,
        quantiles: spec.quantiles,
        calendar: spec.calendar ?? PLAIN_CALENDAR,
        covariates: spec.covariates ?? [],
        futureCovariates: { ...config.futureCovariates, names: spec.futureCovariates?.names ?? [] },
      }
}
