import { ACTIVATIONS, CELLS, DECODERS } from '../core/network-spec.js'
import type { PipelineConfig } from './types.js'
import type { SettingsOf } from './setting.js'

export const modelSchema: SettingsOf<PipelineConfig['model']> = {
  cell: {
    doc: 'Kind of recurrent cell: vanilla, with long short-term memory, or gated.',
    format: 'choice',
    reload: 'retrain',
    options: CELLS,
    default: 'gru',
  },
  activation: {
    doc: 'Activation of the vanilla cell (`rnn`); the gates of the others have theirs.',
    format: 'choice',
    reload: 'retrain',
    options: ACTIVATIONS,
    default: 'tanh',
  },
  layers: {
    doc: 'Recurrent layers on top of each other.',
    format: 'integer',
    reload: 'retrain',
    min: 1,
    max: 4,
    default: 1,
  },
  hidden: {
    doc: 'Width of the hidden state of a layer.',
    format: 'integer',
    reload: 'retrain',
    min: 1,
    max: 1024,
    default: 64,
  },
  dropout: {
    doc: 'Share of what passes from layer to layer that is zeroed at random while training.',
    format: 'number',
    reload: 'live',
    min: 0,
    max: 0.9,
    default: 0,
  },
  residual: {
    doc: 'Add the input of each layer but the first to its output.',
    format: 'boolean',
    reload: 'retrain',
    default: false,
  },
  decoder: {
    doc: 'How a forecast comes from the state: `direct` for all steps at once, or `autoregressive`, by a second stack of the same cells that unrolls over the horizon from a copy of the state, each step fed with the one before.',
    format: 'choice',
    reload: 'retrain',
    options: DECODERS,
    default: 'direct',
  },
  samples: {
    doc: 'Paths drawn per forecast of an autoregressive decoder, from whose values the quantiles are taken; costs so many times as much. 0: no paths, each step is fed with the median of the one before. Between 0 and more than 0 lies a training.',
    format: 'integer',
    reload: 'pipeline-restart',
    min: 0,
    max: 1000,
    default: 0,
  },
  temperature: {
    doc: 'Spread of the drawn values around the median: 1 as learnt, less narrows the forecasts.',
    format: 'number',
    reload: 'pipeline-restart',
    min: 0.01,
    max: 10,
    default: 1,
  },
  bidirectional: {
    doc: 'Only `false`: a network that also reads backward sees what comes after each step, so its state cannot be carried along a stream.',
    format: 'boolean',
    reload: 'live',
    default: false,
  },
  warmUp: {
    doc: 'Observations of a series before the network forecasts it; until then the baseline does.',
    format: 'integer',
    reload: 'live',
    min: 1,
    max: 10_000,
    default: 24,
  },
}
