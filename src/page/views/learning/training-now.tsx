import type { LearningStatus } from '../../../ports/control/learning.js'
import { zone } from '../../base/preferences.js'
import { useStore } from '../../base/store.js'
import { formatCount, formatPercent, formatScore, formatValue } from '../../format/numbers.js'
import { formatSpan, formatTime } from '../../format/times.js'
import { Figure } from '../../parts/figure.js'

interface Props {
  readonly pipeline: string
  readonly learning: LearningStatus
  readonly path: string
}

/** What the present training does, or what the next one waits for. */
export function TrainingNow({ pipeline, learning, path }: Props) {
  const chosenZone = useStore(zone)
  const { state, reason, text, progress, drift, nextDue } = learning
  const of = `{pipeline="${pipeline.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"}`
  const source = (metric: string) => ({ promql: `${metric}${of}`, path })
  return (
    <>
      <p>
        <b>{state === 'running' ? 'Running' : state === 'off' ? 'Off' : 'Waiting'}</b>
        {text === state ? '' : `: ${text}`}
        {reason === null ? '' : ` (${reason})`}
      </p>
      {progress === null ? null : (
        <>
          <progress
            value={progress.update}
            max={Math.max(1, progress.updates)}
            aria-label={`Training, update ${progress.update} of ${progress.updates}`}
          />
          <dl class="figures wide">
            <Figure
              label="Updates"
              value={formatCount(progress.update)}
              note={`of ${formatCount(progress.updates)} at most`}
              source={source('tidecast_training_updates')}
            />
            <Figure
              label="Loss"
              value={formatValue(progress.loss)}
              source={source('tidecast_training_loss')}
            />
            <Figure
              label="Gradient norm"
              value={formatValue(progress.gradientNorm)}
              note={`${formatValue(progress.clippedNorm)} after clipping`}
              source={source('tidecast_training_gradient_norm')}
            />
            <Figure
              label="Clipped"
              value={formatPercent(progress.clippedShare)}
              unit="of the updates"
              source={source('tidecast_training_clipped_ratio')}
            />
            <Figure
              label="Still takes"
              value={formatSpan(progress.etaSeconds * 1000)}
              source={source('tidecast_training_eta_seconds')}
            />
          </dl>
        </>
      )}
      <dl class="figures wide">
        <Figure
          label="Drift"
          value={formatScore(drift.score)}
          note={
            drift.alarm === null ? '1 raises an alarm' : `alarm at ${formatTime(drift.alarm.at, chosenZone)}`
          }
          {...(drift.score >= 1 ? { tone: 'bad' as const } : {})}
          source={source('tidecast_drift_score_ratio')}
        />
        {nextDue === null ? null : (
          <Figure
            label="Next training"
            value={
              nextDue.observations === undefined
                ? formatTime(Date.parse(nextDue.at ?? ''), chosenZone)
                : `${formatCount(nextDue.observations)} observations`
            }
            note={nextDue.observations === undefined ? "in the stream's time" : 'from now'}
            source={{ path }}
          />
        )}
      </dl>
    </>
  )
}
