/**
 * Every metric of the daemon, with Prometheus' conventions: base units, `_total` for counters. Labels have few values:
 * a pipeline, a partition, a word of a closed list, or one of the few series that are named in the configuration.
 */
export type MetricDefinition = {
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly name: string
  readonly help: string
  readonly labels: readonly string[]
  readonly buckets?: readonly number[]
}

const PIPELINE = ['pipeline'] as const
const NAMED = ['pipeline', 'series'] as const
const PARTITION = ['pipeline', 'partition'] as const
const SOURCE = ['pipeline', 'source'] as const
/** `steps`: a range of the horizon, such as 2-6; five at most. */
const HORIZON = ['pipeline', 'source', 'steps'] as const

const COUNTS = [1, 4, 16, 64, 256, 1024, 4096, 16_384]
const SHORT_SECONDS = [0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5]
const SECONDS = [0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
const TRAINING_SECONDS = [1, 5, 15, 30, 60, 120, 300, 600, 1800, 3600]

export const catalogue = {
  pipelineState: gauge('tidecast_pipeline_state', '1 for the state that the pipeline is in.', [
    'pipeline',
    'state',
  ]),
  recordsConsumed: counter('tidecast_records_consumed_total', 'Input records settled.', PIPELINE),
  observationsAccepted: counter(
    'tidecast_observations_accepted_total',
    'Observations that took effect on a state.',
    PIPELINE,
  ),
  recordsRejected: counter('tidecast_records_rejected_total', 'Input records not used, by reason.', [
    'pipeline',
    'reason',
  ]),
  recordsLost: counter(
    'tidecast_records_lost_total',
    'Input offsets that the broker deleted before they were consumed.',
    PIPELINE,
  ),
  lag: gauge(
    'tidecast_lag_records',
    'Records between the settled offset and the end of the partition.',
    PARTITION,
  ),
  batchRecords: histogram('tidecast_batch_records', 'Records per settled batch.', PIPELINE, COUNTS),
  batchSeconds: histogram(
    'tidecast_batch_duration_seconds',
    'Time from the arrival of a batch to its settlement.',
    PIPELINE,
    SECONDS,
  ),
  batchFailures: counter(
    'tidecast_batch_failures_total',
    'Batches that were rolled back and delivered again, by reason.',
    ['pipeline', 'reason'],
  ),
  brokerTrouble: gauge(
    'tidecast_broker_trouble',
    '1 while the broker cannot be reached or refuses what the pipeline needs, and is tried again; else 0.',
    PIPELINE,
  ),
  latency: histogram(
    'tidecast_end_to_end_latency_seconds',
    'Time from the time stamp of the oldest record of a batch to the settlement of its forecasts.',
    PIPELINE,
    SECONDS,
  ),
  waveRows: histogram('tidecast_wave_rows', 'Series advanced by one fused step.', PIPELINE, COUNTS),
  stepSeconds: histogram(
    'tidecast_step_duration_seconds',
    'Time of one fused step, as seen by the pipeline.',
    PIPELINE,
    SHORT_SECONDS,
  ),
  forecasts: counter('tidecast_forecasts_published_total', 'Forecasts published, by what made them.', SOURCE),
  maskedSteps: counter('tidecast_masked_steps_total', 'Steps over missing observations.', PIPELINE),
  resets: counter('tidecast_state_resets_total', 'Series that started anew after too long a gap.', PIPELINE),
  anomalies: counter(
    'tidecast_anomalies_total',
    'Observations far outside what was forecast of them: anomalies.minScore, after anomalies.consecutive in a row.',
    PIPELINE,
  ),
  covariatesTold: counter(
    'tidecast_future_covariates_total',
    'Records of covariates known ahead that were read.',
    PIPELINE,
  ),
  covariatesUnused: counter(
    'tidecast_future_covariates_unused_total',
    'Records of covariates known ahead that could not be used.',
    PIPELINE,
  ),
  covariatesKept: gauge(
    'tidecast_future_covariates_kept_steps',
    'Grid steps whose covariates known ahead are in memory: at most futureCovariates.maxValues.',
    PIPELINE,
  ),
  tombstones: counter('tidecast_tombstones_total', 'Input records without a value.', PIPELINE),
  newSeries: counter(
    'tidecast_new_series_total',
    'Series seen for the first time, or again after they were forgotten.',
    PIPELINE,
  ),
  forgottenSeries: counter('tidecast_forgotten_series_total', 'Series idle for too long.', PIPELINE),
  seriesResident: gauge('tidecast_resident_series', 'Series whose state is in memory.', PARTITION),
  seriesSpilled: gauge('tidecast_spilled_series', 'Series whose state is only in the store.', PARTITION),
  seriesStale: gauge(
    'tidecast_stale_series',
    'Series in memory that have had no observation for stale.after intervals while others of their partition went on.',
    PARTITION,
  ),
  stateBytes: gauge('tidecast_series_state_bytes', 'Size of the state of one series.', PIPELINE),
  snapshotAge: gauge('tidecast_snapshot_age_seconds', 'Time since the last snapshot.', PARTITION),
  snapshotPending: gauge(
    'tidecast_snapshot_pending_seconds',
    'Time since the oldest settled batch that no snapshot holds yet: what a restart replays; 0 where there is none.',
    PARTITION,
  ),
  snapshotRows: counter('tidecast_snapshot_rows_total', 'Series states written to snapshots.', PIPELINE),
  snapshotBytes: counter('tidecast_snapshot_bytes_total', 'Bytes written to snapshots.', PIPELINE),
  snapshotSeconds: histogram(
    'tidecast_snapshot_duration_seconds',
    'Time to write a snapshot.',
    PIPELINE,
    SECONDS,
  ),
  restoreSeconds: gauge('tidecast_restore_duration_seconds', 'Time the last restore took.', PARTITION),
  restoreReplayed: counter(
    'tidecast_restore_replayed_records_total',
    'Records replayed silently by restores.',
    PIPELINE,
  ),
  modelVersion: gauge(
    'tidecast_model_version',
    'Version of the network in use; 0 while the baseline forecasts.',
    PIPELINE,
  ),
  scoredTargets: gauge(
    'tidecast_forecast_scored_targets',
    'Forecasts of the model in use whose targets have come, and which its scores are of; an old one counts less.',
    PIPELINE,
  ),
  mase: gauge(
    'tidecast_forecast_mase',
    'Rolling error of the medians that the model in use published, or of the baseline, over the in-sample error of the seasonal naive forecast.',
    SOURCE,
  ),
  wql: gauge('tidecast_forecast_wql', 'Rolling weighted quantile loss.', SOURCE),
  coverage: gauge(
    'tidecast_forecast_coverage_ratio',
    'Share of recent observations inside the outermost published interval.',
    SOURCE,
  ),
  nominalCoverage: gauge(
    'tidecast_forecast_nominal_coverage_ratio',
    'Share of observations that belongs inside the outermost published interval.',
    PIPELINE,
  ),
  smape: gauge(
    'tidecast_forecast_smape_ratio',
    'Rolling symmetric mean absolute percentage error of the medians, 0–2.',
    SOURCE,
  ),
  bias: gauge(
    'tidecast_forecast_bias',
    'Rolling mean of what came minus the median, in naive errors: above 0, forecasts are too low.',
    SOURCE,
  ),
  horizonMase: gauge(
    'tidecast_forecast_horizon_mase',
    'As tidecast_forecast_mase, of forecasts made so many steps ahead.',
    HORIZON,
  ),
  horizonWql: gauge(
    'tidecast_forecast_horizon_wql',
    'As tidecast_forecast_wql, of forecasts made so many steps ahead.',
    HORIZON,
  ),
  horizonCoverage: gauge(
    'tidecast_forecast_horizon_coverage_ratio',
    'As tidecast_forecast_coverage_ratio, of forecasts made so many steps ahead.',
    HORIZON,
  ),
  horizonSmape: gauge(
    'tidecast_forecast_horizon_smape_ratio',
    'As tidecast_forecast_smape_ratio, of forecasts made so many steps ahead.',
    HORIZON,
  ),
  horizonBias: gauge(
    'tidecast_forecast_horizon_bias',
    'As tidecast_forecast_bias, of forecasts made so many steps ahead.',
    HORIZON,
  ),
  observedValue: gauge(
    'tidecast_series_observed_value',
    'Newest observation of a series named in metrics.series.',
    NAMED,
  ),
  observedTime: gauge('tidecast_series_observed_timestamp_seconds', 'Its time stamp.', NAMED),
  forecastValue: gauge(
    'tidecast_series_forecast_value',
    'What had been forecast for it, so many steps before: lowest quantile, median, highest quantile; NaN where nothing was.',
    ['pipeline', 'series', 'steps', 'level'],
  ),
  logLoss: gauge(
    'tidecast_symbol_log_loss_nats',
    'Rolling mean of −log of the probability that the symbol which came had been given, published or by the baseline.',
    SOURCE,
  ),
  symbolAccuracy: gauge(
    'tidecast_symbol_accuracy_ratio',
    'Share of recent symbols that had been given the highest probability.',
    SOURCE,
  ),
  driftScore: gauge(
    'tidecast_drift_score_ratio',
    "How much the network's errors, or the change from one long season to the next, have grown, over what raises an alarm.",
    PIPELINE,
  ),
  driftAlarms: counter(
    'tidecast_drift_alarms_total',
    "Alarms: the network's errors, or the level, are no longer what they were.",
    PIPELINE,
  ),
  setAside: counter(
    'tidecast_models_set_aside_total',
    'Networks that fell behind the baseline and were set aside for it.',
    PIPELINE,
  ),
  shadowLoss: gauge(
    'tidecast_shadow_loss_ratio',
    'Weighted quantile loss of the network in the shadow over that of what is published, since it began; NaN while there is none.',
    PIPELINE,
  ),
  shadowOutcomes: counter(
    'tidecast_shadow_outcomes_total',
    'Networks that were decided about after their shadow.',
    ['pipeline', 'outcome', 'reason'],
  ),
  trainingState: gauge('tidecast_training_state', '1 for the state that training is in.', [
    'pipeline',
    'state',
  ]),
  trainingUpdate: gauge(
    'tidecast_training_updates',
    'Weight updates of the present or last training.',
    PIPELINE,
  ),
  trainingWanted: gauge(
    'tidecast_training_planned_updates',
    'Weight updates that the present or last training is to have, as far as is known.',
    PIPELINE,
  ),
  trainingEta: gauge('tidecast_training_eta_seconds', 'Time the present training still takes.', PIPELINE),
  trainingLoss: gauge('tidecast_training_loss', 'Training loss, in units of the scaled values.', PIPELINE),
  gradientNorm: gauge(
    'tidecast_training_gradient_norm',
    'Global norm of the gradients, before and after clipping.',
    ['pipeline', 'stage'],
  ),
  clippedShare: gauge('tidecast_training_clipped_ratio', 'Share of the updates that were clipped.', PIPELINE),
  saturatedShare: gauge(
    'tidecast_training_saturated_ratio',
    "Share of the gates' activations below 0.05 or above 0.95, of a vanilla cell's |h| above 0.95; not with ReLU.",
    PIPELINE,
  ),
  deadShare: gauge(
    'tidecast_training_dead_units_ratio',
    'Share of the ReLU units that are 0 on a whole chunk; only with ReLU.',
    PIPELINE,
  ),
  gradientReach: gauge(
    'tidecast_training_gradient_reach_steps',
    'Steps back after which 1 % of the gradient of the hidden state is left; +Inf where more is left at the end of a chunk.',
    PIPELINE,
  ),
  trainingSeconds: histogram(
    'tidecast_training_duration_seconds',
    'Time a training took.',
    PIPELINE,
    TRAINING_SECONDS,
  ),
  trainingOutcomes: counter(
    'tidecast_training_outcomes_total',
    'Finished trainings, by outcome and reason.',
    ['pipeline', 'outcome', 'reason'],
  ),
  configHash: gauge(
    'tidecast_config_hash',
    'Number that two processes share exactly when they run with the same configuration, secrets aside.',
    [],
  ),
  configDrift: gauge(
    'tidecast_config_drift',
    '1 while the configuration files say something else than what runs, or nothing that can be understood; else 0.',
    [],
  ),
  configReloadSuccess: gauge(
    'tidecast_config_last_reload_successful',
    '1 where the configuration was loaded or last reloaded without a problem; 0 where the last reload was refused or failed.',
    [],
  ),
  configReloadTime: gauge(
    'tidecast_config_last_reload_success_timestamp_seconds',
    'When the configuration was last loaded or reloaded without a problem.',
    [],
  ),
  configReloads: counter('tidecast_config_reloads_total', 'Reloads, by what came of them.', ['outcome']),
  httpRequests: counter('tidecast_http_requests_total', 'Answered HTTP requests.', [
    'method',
    'route',
    'status',
  ]),
  httpSeconds: histogram('tidecast_http_request_duration_seconds', 'Time to answer.', ['route'], SECONDS),
  engineBackend: gauge(
    'tidecast_engine_backend_info',
    'Always 1; the labels say what carries out the steps.',
    ['name', 'version', 'devices', 'signals_blocked'],
  ),
  build: gauge('tidecast_build_info', 'Always 1; the labels say what runs.', ['version']),
} satisfies Record<string, MetricDefinition>

function counter<const L extends readonly string[]>(name: string, help: string, labels: L) {
  return { type: 'counter', name, help, labels } as const
}

function gauge<const L extends readonly string[]>(name: string, help: string, labels: L) {
  return { type: 'gauge', name, help, labels } as const
}

function histogram<const L extends readonly string[]>(
  name: string,
  help: string,
  labels: L,
  buckets: readonly number[],
) {
  return { type: 'histogram', name, help, labels, buckets } as const
}
