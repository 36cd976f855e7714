import type { NetworkSpec } from '../core/network-spec.js'
import type { WeightLayout } from './flat-weights.js'
import { tokenSpec } from './symbol-network.js'
import { tokenLayout } from './token-network.js'
import { weightLayout } from './weights.js'

/** Where each array of weights lies in the flat vector, whatever the values of the series are. */
export function layoutOf(spec: NetworkSpec): WeightLayout {
  return spec.symbols === undefined ? weightLayout(spec) : tokenLayout(tokenSpec(spec))
}
