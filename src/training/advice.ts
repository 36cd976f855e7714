import type { NetworkSpec } from '../core/network-spec.js'
import type { GradientReport } from '../ports/model-store.js'

/** A gradient that has grown so much over some lag is exploding. */
const GROWN = 10
/** Beyond this share of clipped updates it is the clip that sets the step, not the learning rate. */
const OFTEN_CLIPPED = 0.5
/** Of a chunk: a gradient that is gone after less is not what the chunk was made so long for. */
const SHORT_REACH = { rnn: 1 / 4, lstm: 1 / 8, gru: 1 / 8 } as const
const MOSTLY_SATURATED = 0.5
const MANY_DEAD = 0.25

/** What is wrong with the gradients of a training, if anything, and which setting cures it. */
export function gradientAdvice(
  gradients: Omit<GradientReport, 'advice'>,
  clippedShare: number,
  { cell }: Pick<NetworkSpec, 'cell'>,
  chunk: number,
): string[] {
  const { flow, reach, saturated, dead, norm, clipNorm } = gradients
  const advice: string[] = []
  const [lag, grown] = flow.reduce<readonly [number, number]>(
    (most, one) => (one[1] > most[1] ? one : most),
    [0, 1],
  )
  const gated = cell === 'rnn' ? ', or take a gated cell (model.cell: gru or lstm)' : ''
  if (grown > GROWN) {
    advice.push(
      `gradients explode, by a factor of ${grown.toPrecision(2)} over ${lag} steps: clip them lower ` +
        `(training.clipNorm, now ${clipNorm}), train on shorter chunks (training.chunk, now ${chunk})${gated}`,
    )
  }
  if (clippedShare > OFTEN_CLIPPED) {
    advice.push(
      `${percent(clippedShare)} of the updates were clipped: lower training.learningRate, or raise training.clipNorm ` +
        `(now ${clipNorm}) above the gradients' usual norm (${norm.median.toPrecision(2)})`,
    )
  }
  if (reach !== null && reach < SHORT_REACH[cell] * chunk) {
    const cure =
      cell === 'rnn'
        ? 'take a gated cell (model.cell: gru or lstm), which can hold them for longer'
        : `shorter chunks (training.chunk, now ${chunk}) teach the same in less time`
    advice.push(`gradients vanish: 1 % is left after ${reach.toFixed(0)} steps; ${cure}`)
  }
  if (saturated !== null && saturated > MOSTLY_SATURATED) {
    const what = cell === 'rnn' ? 'hidden activations' : 'gates'
    advice.push(
      `${percent(saturated)} of the ${what} are saturated and pass hardly any gradient: lower training.learningRate, ` +
        'raise training.weightDecay, or start from another initialisation (training.seed)',
    )
  }
  if (dead !== null && dead > MANY_DEAD) {
    advice.push(
      `${percent(dead)} of the ReLU units are dead: lower training.learningRate, start from another initialisation ` +
        '(training.seed), or use model.activation: tanh',
    )
  }
  return advice
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`
}
