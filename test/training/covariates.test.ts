import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SeriesHistory } from '../../src/core/history.js'
import type { SeriesShape } from '../../src/core/layout.js'
import { Network } from '../../src/model/network.js'
import { Random } from '../../src/model/random.js'
import { evaluate } from '../../src/training/evaluate.js'
import { trainNetwork } from '../../src/training/train.js'
import { tensorflow } from '../model/backend.js'
import { TRAINING } from './configured.js'
import { HOUR, SHAPE } from './series.js'

const tf = tensorflow()
const STEPS = 1500
const FROM = 1200
const KNOWN: SeriesShape = {
  ...SHAPE,
  covariates: ['temperature'],
  futureCovariates: { names: ['temperature'] },
}

/** A season, and a load that follows a temperature which nothing in its own past tells. */
function heated(): SeriesHistory {
  const random = new Random(3)
  let temperature = 0
  const temperatures = Float32Array.from({ length: STEPS + SHAPE.horizon }, () => {
    temperature = 0.8 * temperature + random.normal()
    return 15 + 2 * temperature
  })
  const values = Float64Array.from({ length: STEPS }, (_, t) => {
    const swing = 3 * Math.sin((2 * Math.PI * t) / SHAPE.season.short)
    return 30 + swing - (temperatures[t]! - 15) + 0.2 * random.normal()
  })
  const ts = values.map((_, t) => (100 + t) * HOUR)
  return {
    series: 'a',
    start: 100,
    values,
    ts,
    covariates: temperatures.slice(0, STEPS),
    ahead: temperatures,
  }
}

async function trained(history: SeriesHistory, shape: SeriesShape) {
  const { spec, weights } = await trainNetwork({
    tf,
    fused: true,
    histories: [cut(history, FROM)],
    shape,
    model: { cell: 'gru', activation: 'tanh', layers: 1, hidden: 16 },
    training: { ...TRAINING, updates: 150 },
    onProgress: () => undefined,
    signal: new AbortController().signal,
  })
  return (served: SeriesHistory): number => {
    const network = new Network(tf, spec, weights, { fused: true })
    try {
      return evaluate({ network, histories: [served], shape, from: [FROM], warmUp: 100 }).network.scores.wql
    } finally {
      network.dispose()
    }
  }
}

function cut(history: SeriesHistory, steps: number): SeriesHistory {
  return { ...history, values: history.values.slice(0, steps), ts: history.ts.slice(0, steps) }
}

test('what is known of covariates halves the loss where they matter; without them a network does about as well as one that never knew any', async () => {
  const history = heated()
  const { covariates: _past, ahead: _ahead, ...alone } = history
  const [loss, lossAlone] = [await trained(history, KNOWN), (await trained(alone, SHAPE))(alone)]
  const none = {
    covariates: new Float32Array(STEPS).fill(NaN),
    ahead: new Float32Array(STEPS + SHAPE.horizon).fill(NaN),
  }
  const told = loss(history)
  assert.ok(told < 0.5 * lossAlone, `${told} with, ${lossAlone} without`)
  const missing = loss({ ...history, ...none })
  assert.ok(missing < 1.15 * lossAlone, `${missing} where all are missing, ${lossAlone} of a network without`)
  const pastOnly = loss({ ...history, ahead: none.ahead })
  assert.ok(
    pastOnly < 1.1 * lossAlone,
    `${pastOnly} where nothing is foretold, ${lossAlone} of a network without`,
  )
})
