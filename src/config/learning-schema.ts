import { ACTIVATIONS, CELLS, DECODERS } from '../core/network-spec.js'
import type { PipelineConfig, TrainingConfig } from './types.js'
import type { SettingsOf } from './setting.js'

const DAY = 86_400_000

export const modelSchema: SettingsOf<PipelineConfig['model']> = {
  cell: {
    doc: 'Kind of recurrent cell: vanilla, with long short-term memory, or gated.',
    format: 'choice',
    options: CELLS,
    default: 'gru',
  },
  activation: {
    doc: 'Activation of the vanilla cell (`rnn`); the gates of the others have theirs.',
    format: 'choice',
    options: ACTIVATIONS,
    default: 'tanh',
  },
  layers: { doc: 'Recurrent layers on top of each other.', format: 'integer', min: 1, max: 4, default: 1 },
  hidden: { doc: 'Width of the hidden state of a layer.', format: 'integer', min: 1, max: 1024, default: 64 },
  dropout: {
    doc: 'Share of what passes from layer to layer that is zeroed at random while training.',
    format: 'number',
    min: 0,
    max: 0.9,
    default: 0,
  },
  residual: {
    doc: 'Add the input of each layer but the first to its output.',
    format: 'boolean',
    default: false,
  },
  decoder: {
    doc: 'How a forecast comes from the state: `direct` for all steps at once, or `autoregressive`, by a second stack of the same cells that unrolls over the horizon from a copy of the state, each step fed with the one before.',
    format: 'choice',
    options: DECODERS,
    default: 'direct',
  },
  samples: {
    doc: 'Paths drawn per forecast of an autoregressive decoder, from whose values the quantiles are taken; costs so many times as much. 0: no paths, each step is fed with the median of the one before. Between 0 and more than 0 lies a training.',
    format: 'integer',
    min: 0,
    max: 1000,
    default: 0,
  },
  temperature: {
    doc: 'Spread of the drawn values around the median: 1 as learnt, less narrows the forecasts.',
    format: 'number',
    min: 0.01,
    max: 10,
    default: 1,
  },
  bidirectional: {
    doc: 'Only `false`: a network that also reads backward sees what comes after each step, so its state cannot be carried along a stream.',
    format: 'boolean',
    default: false,
  },
  warmUp: {
    doc: 'Observations of a series before the network forecasts it; until then the baseline does.',
    format: 'integer',
    min: 1,
    max: 10_000,
    default: 24,
  },
}

export const trainingSchema: SettingsOf<TrainingConfig> = {
  enabled: {
    doc: 'Train networks from the log; without, the baseline or the present network goes on.',
    format: 'boolean',
    default: true,
  },
  device: {
    doc: 'Where networks are trained. `auto` takes a CUDA device where there is one; `gpu` without one is an error at start-up.',
    format: 'choice',
    options: ['auto', 'gpu', 'cpu'],
    default: 'auto',
  },
  minObservations: {
    doc: 'Observations of the longest series at which the first training starts; 0 chooses: eight long seasons, at least 300.',
    format: 'integer',
    min: 0,
    default: 0,
  },
  window: {
    doc: 'Only the latest so much is trained on; "0s" takes everything in the log.',
    format: 'duration',
    default: 0,
  },
  maxRecords: {
    doc: 'At most so many of the latest records are trained on; 0 takes all.',
    format: 'integer',
    min: 0,
    default: 0,
  },
  every: {
    doc: "Train again when the newest observation is so much later than what was last trained on, in the stream's own time; 0 never does.",
    format: 'duration',
    default: 0,
  },
  afterObservations: {
    doc: 'Train again after so many observations of the series in memory; 0 never does.',
    format: 'integer',
    min: 0,
    default: 0,
  },
  promotion: {
    doc: 'What happens to a candidate that the gate lets through: `auto` takes it into use, `manual` stores it for `tidecast models promote`.',
    format: 'choice',
    options: ['auto', 'manual'],
    default: 'auto',
  },
  setAside: {
    enabled: {
      doc: 'Set a network aside for the baseline when its published forecasts fall behind it, and train anew.',
      format: 'boolean',
      default: true,
    },
    margin: {
      doc: "Share by which the rolling weighted quantile loss must lie above the baseline's.",
      format: 'number',
      min: 0,
      max: 10,
      default: 0.05,
    },
    after: {
      doc: 'For how long, in the time of the stream; 0 chooses: two long seasons, 336 steps without a season.',
      format: 'duration',
      default: 0,
    },
  },
  minNew: {
    doc: 'Steps of a series that must be newer than what the present network has seen, or than the drift, before a retraining; half of them judge it. 0 chooses: four long seasons, at least 60.',
    format: 'integer',
    min: 0,
    default: 0,
  },
  start: {
    doc: 'What a retraining starts from: the weights of the present network, with a tenth of the learning rate and a fifth of the updates, random ones, or `both` while `maxDuration` allows, of which the better by validation loss is taken.',
    format: 'choice',
    options: ['champion', 'fresh', 'both'],
    default: 'both',
  },
  drift: {
    threshold: {
      doc: 'How much greater than usual the errors one step ahead, or the change from one long season to the next, must be, in deviations summed over short seasons, before an alarm is raised; of each season 1.5 deviations of the errors and 3 of the change are taken for noise, and at most five count.',
      format: 'number',
      min: 1,
      max: 1000,
      default: 12,
    },
    coolDown: {
      doc: 'Time of the stream between two alarms.',
      format: 'duration',
      default: 60 * DAY,
    },
  },
  imputation: {
    doc: 'Missing values between known ones: `bidirectional` trains half of the sequences on data in which a network that reads both sides of a gap has filled it; the others, and whatever is judged or forecast, have the gaps. `none` trains on gaps alone.',
    format: 'choice',
    options: ['none', 'bidirectional'],
    default: 'none',
  },
  holdout: {
    doc: 'Share of the data, at its end, on which a candidate must beat the baseline and the present network.',
    format: 'number',
    min: 0.01,
    max: 0.5,
    default: 0.1,
  },
  validation: {
    doc: 'Share of the rest, at its end, that decides when to stop.',
    format: 'number',
    min: 0.01,
    max: 0.5,
    default: 0.1,
  },
  updates: {
    doc: 'Weight updates of a training; 0 chooses by the amount of data.',
    format: 'integer',
    min: 0,
    max: 1_000_000,
    default: 0,
  },
  learningRate: { doc: 'Peak learning rate.', format: 'number', min: 1e-7, max: 1, default: 5e-3 },
  weightDecay: { doc: 'Decoupled weight decay.', format: 'number', min: 0, max: 1, default: 1e-4 },
  clipNorm: {
    doc: 'Global norm that gradients are clipped to.',
    format: 'number',
    min: 1e-6,
    max: 1e6,
    default: 5,
  },
  scheduledSampling: {
    doc: 'Share of steps at which an autoregressive decoder is fed with its own output instead of what came: rises from 0 to this over the first half of a training.',
    format: 'number',
    min: 0,
    max: 1,
    default: null,
    defaultText: '1, with `model.samples` 0',
  },
  chunk: {
    doc: 'Steps that are unrolled at once. Between updates the state is carried on as a value: backpropagation through time is truncated there.',
    format: 'integer',
    min: 2,
    max: 10_000,
    default: 96,
  },
  chunksPerUpdate: {
    doc: 'Chunks of each sequence per update. Gradients flow back through all of them as if they were one, at the memory of one; with 20 or more, to where the sequence started from a zero state.',
    format: 'integer',
    min: 1,
    max: 1000,
    default: 1,
  },
  streams: { doc: 'Sequences trained on side by side.', format: 'integer', min: 1, max: 4096, default: 16 },
  seed: {
    doc: 'Start of the random numbers, for repeatable trainings.',
    format: 'integer',
    min: 0,
    max: 4_294_967_295,
    default: 1,
  },
  maxDuration: {
    doc: 'A training that takes longer is ended.',
    format: 'duration',
    min: 1000,
    max: 7 * DAY,
    default: 1_800_000,
  },
  retryGrowth: {
    doc: 'After a refusal or failure: share by which the data must grow before the next attempt.',
    format: 'number',
    min: 0,
    max: 100,
    default: 0.25,
  },
}
