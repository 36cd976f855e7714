import { RowBuilder, type DashboardBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import { dashboard, figures, lines, listed, P, pipelines, RATE } from './parts.js'

const JOB = 'job=~".*tidecast.*"'

/** Whether everything is at work, how much of it, and how fast. */
export function fleet(): DashboardBuilder {
  return dashboard('fleet', 'Fleet', 'Health, throughput, lag and latency of all processes and pipelines.')
    .withVariable(pipelines(true))
    .withRow(new RowBuilder('Health'))
    .withPanel(figures('Processes that answer', [`sum(up{${JOB}})`, 'processes']))
    .withPanel(
      figures('Pipelines not at work', [
        `sum(tidecast_pipeline_state{${P}, state!~"running|paused"})`,
        'pipelines',
      ]),
    )
    .withPanel(
      figures('Alerts', [
        'count(ALERTS{alertname=~"Tidecast.*", alertstate="firing"}) or vector(0)',
        'firing',
      ]),
    )
    .withPanel(
      figures('Forecasts', [`sum(rate(tidecast_forecasts_published_total{${P}}[${RATE}]))`, 'per second'], {
        unit: 'rate',
      }),
    )
    .withPanel(figures('Records that wait', [`sum(tidecast_lag_records{${P}})`, 'records']))
    .withPanel(figures('Series', [`sum(tidecast_resident_series{${P}})`, 'in memory']))
    .withPanel(
      listed('Pipelines', `tidecast_pipeline_state{${P}} == 1`, {
        pipeline: 'Pipeline',
        instance: 'Process',
        state: 'State',
      }),
    )
    .withPanel(
      listed(
        'Processes',
        `tidecast_build_info{${JOB}} * on (instance) group_left (name, devices) tidecast_engine_backend_info`,
        {
          instance: 'Process',
          version: 'Version',
          name: 'Engine',
          devices: 'Devices',
        },
      ),
    )
    .withRow(new RowBuilder('Throughput and lag'))
    .withPanel(
      lines(
        'Records consumed',
        [[`sum by (pipeline) (rate(tidecast_records_consumed_total{${P}}[${RATE}]))`, '{{pipeline}}']],
        { unit: 'rate', min: 0 },
      ),
    )
    .withPanel(
      lines(
        'Forecasts published',
        [
          [
            `sum by (pipeline, source) (rate(tidecast_forecasts_published_total{${P}}[${RATE}]))`,
            '{{pipeline}} by {{source}}',
          ],
        ],
        { unit: 'rate', min: 0 },
      ),
    )
    .withPanel(
      lines('Records that wait', [[`sum by (pipeline) (tidecast_lag_records{${P}})`, '{{pipeline}}']], {
        min: 0,
      }),
    )
    .withPanel(
      lines(
        'Records rejected',
        [
          [
            `sum by (pipeline, reason) (rate(tidecast_records_rejected_total{${P}}[${RATE}])) > 0`,
            '{{pipeline}} {{reason}}',
          ],
        ],
        { unit: 'rate', min: 0, description: 'Dead letters and records that were dropped, by reason.' },
      ),
    )
    .withPanel(
      lines(
        'Batches that failed',
        [
          [
            `sum by (pipeline, reason) (rate(tidecast_batch_failures_total{${P}}[${RATE}]))`,
            '{{pipeline}} {{reason}}',
          ],
        ],
        { unit: 'rate', min: 0 },
      ),
    )
    .withPanel(
      lines(
        'In a fused step',
        [
          [
            `sum by (pipeline) (rate(tidecast_wave_rows_sum{${P}}[${RATE}])) / sum by (pipeline) (rate(tidecast_wave_rows_count{${P}}[${RATE}]))`,
            '{{pipeline}}',
          ],
        ],
        { min: 0, description: 'Series that the network advances at once, on average.' },
      ),
    )
    .withRow(new RowBuilder('Latency'))
    .withPanel(
      percentiles(
        'End to end',
        'tidecast_end_to_end_latency_seconds',
        'From the time stamp of the oldest record of a batch to its forecasts.',
      ),
    )
    .withPanel(
      percentiles('A batch', 'tidecast_batch_duration_seconds', 'From its arrival to its settlement.'),
    )
    .withPanel(percentiles('A fused step', 'tidecast_step_duration_seconds', 'As the pipeline sees it.'))
    .withRow(new RowBuilder('States and snapshots'))
    .withPanel(
      lines(
        'Series',
        [
          [`sum by (pipeline) (tidecast_resident_series{${P}})`, '{{pipeline}} in memory'],
          [`sum by (pipeline) (tidecast_spilled_series{${P}})`, '{{pipeline}} on disk'],
          [`sum by (pipeline) (tidecast_stale_series{${P}})`, '{{pipeline}} silent'],
        ],
        { min: 0 },
      ),
    )
    .withPanel(
      lines(
        'In no snapshot yet',
        [
          [
            `max by (pipeline, partition) (tidecast_snapshot_pending_seconds{${P}})`,
            '{{pipeline}} {{partition}}',
          ],
        ],
        { unit: 'seconds', min: 0, description: 'What a restart would replay.' },
      ),
    )
    .withPanel(percentiles('A snapshot', 'tidecast_snapshot_duration_seconds', 'Time to write it.'))
    .withRow(new RowBuilder('Processes'))
    .withPanel(
      lines('Processors', [[`rate(process_cpu_seconds_total{${JOB}}[${RATE}])`, '{{instance}}']], {
        min: 0,
        description: 'How many of them each process keeps busy, trainers aside.',
      }),
    )
    .withPanel(
      lines(
        'Memory',
        [
          [`process_resident_memory_bytes{${JOB}}`, '{{instance}} resident'],
          [`nodejs_heap_size_used_bytes{${JOB}}`, '{{instance}} heap'],
        ],
        { unit: 'bytes', min: 0 },
      ),
    )
    .withPanel(
      lines(
        'Event loop and garbage collection',
        [
          [`nodejs_eventloop_lag_p99_seconds{${JOB}}`, '{{instance}} lag, 99 %'],
          [
            `sum by (instance) (rate(nodejs_gc_duration_seconds_sum{${JOB}}[${RATE}]))`,
            '{{instance}} collecting, per second',
          ],
        ],
        { unit: 'seconds', min: 0 },
      ),
    )
    .withPanel(
      lines(
        'HTTP requests',
        [
          [
            `sum by (route, status) (rate(tidecast_http_requests_total{${JOB}}[${RATE}]))`,
            '{{route}} {{status}}',
          ],
        ],
        { unit: 'rate', min: 0 },
      ),
    )
    .withPanel(
      lines('Broker', [[`max by (pipeline) (tidecast_broker_trouble{${P}})`, '{{pipeline}}']], {
        min: 0,
        max: 1,
        description: '1: it cannot be reached, or refuses what is needed.',
      }),
    )
    .withPanel(
      lines(
        'Configuration',
        [
          [`tidecast_config_last_reload_successful{${JOB}}`, '{{instance}} last reload'],
          [`tidecast_config_drift{${JOB}}`, '{{instance}} files differ'],
        ],
        {
          min: 0,
          max: 1,
          description: 'Last reload: 1 where it succeeded. Files differ: 1 until they are loaded.',
        },
      ),
    )
}

function percentiles(title: string, histogram: string, description: string) {
  const quantile = (q: number): string =>
    `histogram_quantile(${q}, sum by (le, pipeline) (rate(${histogram}_bucket{${P}}[${RATE}])))`
  return lines(
    title,
    [
      [quantile(0.5), '{{pipeline}} 50 %'],
      [quantile(0.99), '{{pipeline}} 99 %'],
    ],
    { unit: 'seconds', min: 0, description },
  )
}
