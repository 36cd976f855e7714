import type { StoredModel } from '../ports/model-store.js'
import type { Waiting } from './triggers.js'

export function waitingText({ observations, at }: Waiting): string {
  const what = [
    ...(observations === undefined ? [] : [`${Math.ceil(observations)} more observations`]),
    ...(at === undefined ? [] : [`what comes until ${new Date(at).toISOString()}`]),
  ]
  return what.length === 0 ? 'nothing to do' : `waits for ${what.join(', or ')}`
}

export function figuresOf({
  scores: { network, champion, former, baseline },
}: Pick<StoredModel, 'scores'>): string {
  const others = [
    ...(champion === undefined ? [] : [`the champion's ${digits(champion.wql)}`]),
    ...(former === undefined ? [] : [`the former champion's ${digits(former.wql)}`]),
    `the baseline's ${digits(baseline.wql)}`,
  ]
  return `WQL ${digits(network.wql)} against ${others.join(' and ')}`
}

export function digits(score: number | null): string {
  return score === null ? '–' : score.toFixed(4)
}
