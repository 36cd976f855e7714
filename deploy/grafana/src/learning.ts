import { RowBuilder, type DashboardBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import { dashboard, figures, lines, listed, P, pipelines, RATE } from './parts.js'

/** How networks are trained, what becomes of them, and whether the stream is still what they were trained on. */
export function learning(): DashboardBuilder {
  return dashboard('learning', 'Learning', 'Trainings, gradients, versions and drift.')
    .withVariable(pipelines(true))
    .withRow(new RowBuilder('In use'))
    .withPanel(
      figures('Version', [`max by (pipeline) (tidecast_model_version{${P}})`, '{{pipeline}}'], {
        span: 12,
        description: '0: the baseline forecasts.',
      }).height(8),
    )
    .withPanel(
      listed('Training', `tidecast_training_state{${P}} == 1`, {
        pipeline: 'Pipeline',
        instance: 'Process',
        state: 'State',
      }),
    )
    .withPanel(
      lines('Versions', [[`max by (pipeline) (tidecast_model_version{${P}})`, '{{pipeline}}']], { min: 0 }),
    )
    .withPanel(
      lines(
        'Trainings, by what became of them',
        [
          [
            `sum by (pipeline, outcome, reason) (tidecast_training_outcomes_total{${P}}) > 0`,
            '{{pipeline}} {{outcome}}: {{reason}}',
          ],
        ],
        { min: 0, description: 'Since the process started.' },
      ),
    )
    .withPanel(
      lines(
        'Networks set aside, and decided about after their shadow',
        [
          [`sum by (pipeline) (tidecast_models_set_aside_total{${P}})`, '{{pipeline}} set aside'],
          [
            `sum by (pipeline, outcome) (tidecast_shadow_outcomes_total{${P}})`,
            '{{pipeline}} {{outcome}} after shadow',
          ],
        ],
        { min: 0, description: 'Since the process started.' },
      ),
    )
    .withRow(new RowBuilder('Trainings'))
    .withPanel(
      lines('Loss', [[`max by (pipeline) (tidecast_training_loss{${P}})`, '{{pipeline}}']], { span: 12 }),
    )
    .withPanel(
      lines(
        'Updates',
        [
          [`max by (pipeline) (tidecast_training_updates{${P}})`, '{{pipeline}} made'],
          [`max by (pipeline) (tidecast_training_planned_updates{${P}})`, '{{pipeline}} planned'],
        ],
        { min: 0, span: 6 },
      ),
    )
    .withPanel(
      lines(
        'Time',
        [
          [`max by (pipeline) (tidecast_training_eta_seconds{${P}})`, '{{pipeline}} still to go'],
          [
            `sum by (pipeline) (tidecast_training_duration_seconds_sum{${P}}) / (sum by (pipeline) (tidecast_training_duration_seconds_count{${P}}) > 0)`,
            '{{pipeline}} on average',
          ],
        ],
        { unit: 'seconds', min: 0, span: 6 },
      ),
    )
    .withRow(new RowBuilder('Gradients'))
    .withPanel(
      lines(
        'Norm before and after clipping',
        [[`max by (pipeline, stage) (tidecast_training_gradient_norm{${P}})`, '{{pipeline}} {{stage}}']],
        { min: 0, span: 12 },
      ),
    )
    .withPanel(
      lines(
        'Updates that were clipped',
        [[`max by (pipeline) (tidecast_training_clipped_ratio{${P}})`, '{{pipeline}}']],
        {
          unit: 'share',
          min: 0,
          max: 1,
          span: 12,
          description: 'Beyond a half, the clip sets the step and not the learning rate.',
        },
      ),
    )
    .withPanel(
      lines(
        'Reach, steps',
        [[`max by (pipeline) (tidecast_training_gradient_reach_steps{${P}})`, '{{pipeline}}']],
        {
          min: 0,
          description:
            'Steps back after which 1 % of the gradient is left; nothing drawn where more is left at the end of a chunk.',
        },
      ),
    )
    .withPanel(
      lines(
        'Saturated activations',
        [[`max by (pipeline) (tidecast_training_saturated_ratio{${P}})`, '{{pipeline}}']],
        {
          unit: 'share',
          min: 0,
          max: 1,
        },
      ),
    )
    .withPanel(
      lines(
        'Dead units',
        [[`max by (pipeline) (tidecast_training_dead_units_ratio{${P}})`, '{{pipeline}}']],
        {
          unit: 'share',
          min: 0,
          max: 1,
          description: 'Of vanilla cells with ReLU alone.',
        },
      ),
    )
    .withRow(new RowBuilder('Drift and shadow'))
    .withPanel(
      lines('Drift', [[`max by (pipeline) (tidecast_drift_score_ratio{${P}})`, '{{pipeline}}']], {
        unit: 'share',
        min: 0,
        description: 'At 100 % an alarm is raised, and a training follows.',
      }),
    )
    .withPanel(
      lines(
        'Alarms',
        [[`sum by (pipeline) (increase(tidecast_drift_alarms_total{${P}}[${RATE}]))`, '{{pipeline}}']],
        {
          min: 0,
        },
      ),
    )
    .withPanel(
      lines(
        'Loss in the shadow',
        [[`max by (pipeline) (tidecast_shadow_loss_ratio{${P}})`, '{{pipeline}}']],
        {
          unit: 'share',
          min: 0,
          description:
            'Over the loss of what is published. Below 100 %: the network in the shadow is better.',
        },
      ),
    )
}
