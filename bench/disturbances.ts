import { Accuracy } from '../src/core/accuracy.js'
import type { Network } from '../src/model/network.js'
import { evaluate } from '../src/training/evaluate.js'
import { history, INJECTIONS, read, trained } from './drift.js'
import type { Figure } from './figure.js'
import { Workbench } from './workbench.js'

const DAY = 24
const WEEK = 7 * DAY
const KNOWN = 548 * DAY
/** Where something happens, after what is known. */
const PLACES = [112 * DAY, 224 * DAY, 336 * DAY]
/** What of the stream lies before that, and how much of it has passed before forecasts are scored. */
const LEAD = 200 * DAY
const SETTLED = 60 * DAY
/** Weeks that are reported together. */
const STRETCHES = [
  [1, 1],
  [2, 2],
  [3, 4],
  [5, 8],
] as const
const LEVELS = [0.1, 0.5, 0.9] as const

const CONFIG = Workbench.config({ interval: '1h', horizon: 24 })

/**
 * What a change of rhythm or level costs a network of the first 18 months of the bundled electricity in the weeks after it,
 * and what it did one that has been shown no such changes in its training; nothing is retrained.
 */
export async function benchDisturbances(): Promise<Figure[]> {
  const { values, start } = await read('electricity')
  const figures: Figure[] = []
  for (const disturbed of [0, CONFIG.training.disturbed]) {
    const name = `training.disturbed ${disturbed}`
    process.stderr.write(`disturbances: ${name}: training\n`)
    const network = await trained(values.subarray(0, KNOWN), start, { disturbed })
    const undisturbed = (known: Float64Array, t: number): number => known[t]!
    for (const [kind, change] of Object.entries({ nothing: undisturbed, ...INJECTIONS })) {
      process.stderr.write(`disturbances: ${name}: ${kind}\n`)
      const weeks = scoresByWeek(network, values, start, change)
      for (const [from, to] of STRETCHES) {
        const sum = new Accuracy(LEVELS)
        for (const week of weeks.slice(from - 1, to)) sum.merge(week)
        const { wql, coverage } = sum.scores()
        const of = `disturbances, ${name}, ${kind}, week${from === to ? ` ${from}` : `s ${from}–${to}`}`
        figures.push({ name: `${of}: loss`, value: wql ?? NaN, unit: 'WQL' })
        figures.push({ name: `${of}: coverage`, value: coverage ?? NaN, unit: 'share' })
      }
    }
    network.dispose()
  }
  return figures
}

/** Of all places together, by week since something happened. */
function scoresByWeek(
  network: Network,
  values: Float64Array,
  start: number,
  change: (values: Float64Array, t: number) => number,
): Accuracy[] {
  const weeks = Array.from({ length: STRETCHES.at(-1)![1] }, () => new Accuracy(LEVELS))
  for (const place of PLACES) {
    const at = KNOWN + place
    const from = at - LEAD
    const changed = values.slice(from, at + weeks.length * WEEK)
    for (let t = LEAD; t < changed.length; t++) changed[t] = change(values, from + t)
    evaluate({
      network,
      histories: [history(changed, start + from)],
      shape: CONFIG,
      from: [SETTLED],
      warmUp: WEEK,
      calibration: CONFIG.calibration,
      onForecast: (_, position, forecast) => {
        for (let h = 0; h < CONFIG.horizon; h++) {
          const target = position + h + 1
          const actual = changed[target]
          if (actual === undefined || target < LEAD) continue
          const [lower, median, upper] = forecast.subarray(3 * h, 3 * h + 3)
          weeks[Math.floor((target - LEAD) / WEEK)]!.add(actual, lower!, median!, upper!, 1)
        }
      },
    })
  }
  return weeks
}
