import type { Activation, CellKind, NetworkSpec } from '../../core/network-spec.js'
import type { SeriesHistory } from '../../core/history.js'
import type { SeriesShape } from '../../core/layout.js'

interface Common {
  readonly cells: readonly CellKind[]
  readonly activation: Activation
  /** Spectral radii of the vanilla cell's recurrent weights. */
  readonly radii: readonly number[]
  readonly lags: number
  readonly seed: number
}

/** Fresh cells on small random inputs, or whole networks on real data: fresh ones, or one that is stored. */
export type GradientsJob =
  | (Common & { readonly kind: 'cells' })
  | (Common & { readonly kind: 'networks'; readonly data: Data })
  | (Common & { readonly kind: 'stored'; readonly data: Data; readonly model: Stored })

export interface Data {
  readonly histories: readonly SeriesHistory[]
  readonly shape: SeriesShape
}

export interface Stored {
  readonly name: string
  readonly spec: NetworkSpec
  readonly weights: Float32Array
}

export interface Profile {
  readonly name: string
  readonly cell: CellKind
  /** Of a vanilla cell's recurrent weights; of several layers the largest. `null` for the others. */
  readonly radius: number | null
  /** ‖∂h_t/∂s_{t−k}‖ / √hidden, by lag k from 0. */
  readonly norms: readonly number[]
  /** ‖∂L/∂s_{t−k}‖ / ‖∂L/∂s_t‖ likewise, L being the loss of the forecasts made from h_t. Only of networks. */
  readonly loss: readonly number[] | null
}
