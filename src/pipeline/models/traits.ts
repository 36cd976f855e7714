import { createHash } from 'node:crypto'
import type { PipelineConfig } from '../../config/types.js'
import { stepWidth, targetFeatures } from '../../core/target-index.js'
import { isPlain } from '../../core/calendar.js'
import { StateLayout } from '../../core/layout.js'
import type { NetworkSpec } from '../../core/network-spec.js'

/** What of a configuration a network depends on, by the name of the setting or what follows from it. */
export type Traits = Readonly<Record<string, string | number | boolean>>

type Surroundings = Pick<NetworkSpec, 'calendar' | 'covariates' | 'futureCovariates'>
type Stack = Pick<NetworkSpec, 'cell' | 'activation' | 'layers' | 'hidden' | 'residual'>

/** What a network was made for. */
export function traitsOf(spec: NetworkSpec): Traits {
  const stack = stackOf(spec)
  if (spec.symbols !== undefined) return { kind: 'symbols', ...stack }
  const { decoder, season } = spec
  return {
    kind: 'numbers',
    ...stack,
    'model.decoder': decoder === undefined ? 'direct' : decoded(decoder.samples),
    interval: spec.interval,
    'season.short': season.short,
    'season.long': season.long,
    horizon: spec.horizon,
    quantiles: spec.quantiles.join(', '),
    inputs: spec.inputs,
    'features of a target': spec.targetFeatures,
    ...surroundings(spec),
  }
}

/** What a network for a configuration has to be made for. */
export function traitsFor(config: PipelineConfig): Traits {
  const { model, season } = config
  const stack = stackOf(model)
  if (config.kind === 'symbols') return { kind: 'symbols', ...stack }
  const layout = new StateLayout(config)
  return {
    kind: 'numbers',
    ...stack,
    'model.decoder': model.decoder === 'direct' ? 'direct' : decoded(model.samples),
    interval: config.interval,
    'season.short': season.short,
    'season.long': season.long,
    horizon: config.horizon,
    quantiles: config.quantiles.join(', '),
    inputs: stepWidth(layout),
    'features of a target': targetFeatures(layout).all,
    ...surroundings(config),
  }
}

/** The same for all networks that one configuration can use: 12 hexadecimal digits of a SHA-256. */
export function signatureOf(traits: Traits): string {
  return createHash('sha256').update(JSON.stringify(traits)).digest('hex').slice(0, 12)
}

/** Where two differ, in words. */
export function differences(one: Traits, other: Traits): string[] {
  const names = new Set([...Object.keys(one), ...Object.keys(other)])
  return [...names]
    .filter((name) => one[name] !== other[name])
    .map((name) => `${name} ${String(one[name] ?? 'none')}, not ${String(other[name] ?? 'none')}`)
}

/** Absent where there is none, so that signatures are what they were before there was any. */
function surroundings({ calendar, covariates = [], futureCovariates }: Surroundings): Traits {
  const { names = [] } = futureCovariates ?? {}
  return {
    ...(calendar === undefined || isPlain(calendar)
      ? {}
      : { 'calendar.timeZone': calendar.timeZone, 'calendar.holidays': calendar.holidays.join(', ') }),
    ...(covariates.length === 0 ? {} : { covariates: covariates.join(', ') }),
    ...(names.length === 0 ? {} : { 'futureCovariates.names': names.join(', ') }),
  }
}

function stackOf({ cell, activation, layers, hidden, residual = false }: Stack): Traits {
  return {
    'model.cell': cell,
    ...(cell === 'rnn' ? { 'model.activation': activation ?? 'tanh' } : {}),
    'model.layers': layers,
    'model.hidden': hidden,
    'model.residual': residual,
  }
}

/** Paths and medians are learnt differently; how many paths, and how wide they spread, is not. */
function decoded(samples: number): string {
  return samples > 0 ? 'autoregressive, by paths' : 'autoregressive, by medians'
}
