import type { ModelVersion } from '../../ports/control/models.js'
import type { GradientReport, Scores, StoredModel } from '../../ports/model-store.js'
import { layoutOf } from '../../model/layout-of.js'
import { traitsOf } from '../../pipeline/models/traits.js'
import { byHorizon, shown } from '../score-table.js'
import { table } from '../table.js'

export function listing(versions: readonly ModelVersion[]): string {
  if (versions.length === 0) return 'No network has been trained yet: the baseline forecasts.\n'
  const rows = versions.map(
    ({ pipeline, version, champion, misfits, spec, report, scores: { network, baseline } }) => [
      pipeline,
      `${spec.cell}@${version}${champion ? ' *' : ''}${misfits.length > 0 ? ' !' : ''}`,
      report.startedAt,
      report.seconds.toFixed(0),
      String(report.updates),
      String(report.observations),
      ...compared(network, baseline, 'mase', 4),
      ...compared(network, baseline, 'wql', 4),
      shown(network.coverage, 3),
      ...compared(network, baseline, 'logLoss', 4),
    ],
  )
  const names = ['PIPELINE', 'MODEL', 'TRAINED', 'SECONDS', 'UPDATES', 'OBSERVATIONS']
  const scores = ['MASE', '(BASELINE)', 'WQL', '(BASELINE)', 'COVERAGE', 'LOG-LOSS', '(BASELINE)']
  const unfit = versions.some(({ misfits }) => misfits.length > 0)
  const legend = unfit ? ' · ! made for another configuration: see "models show"' : ''
  return `${table([...names, ...scores], rows, 3)}* champion${legend}\n`
}

function compared(network: Scores, baseline: Scores, score: keyof Scores, digits: number): string[] {
  return [network, baseline].map((scores) => shown(scores[score], digits))
}

export function description(model: ModelVersion): string {
  const { version, pipeline, champion, parent, origin, signature, misfits, spec, report, scores } = model
  const { network, baseline } = scores
  const about = Object.entries({
    model: `${spec.cell}@${version} of pipeline ${pipeline}${champion ? ', champion' : ''}`,
    parent: parent === null ? 'none' : `version ${parent}`,
    ...(origin === undefined ? {} : { imported: `version ${origin.version} of ${origin.pipeline}` }),
    signature: misfits.length === 0 ? signature : `${signature}; does not fit: ${misfits.join('; ')}`,
    trained: `${report.startedAt}, ${report.seconds.toFixed(1)} s on ${report.backend}`,
    data: `${report.observations} observations of ${report.series} series, ${day(report.from)} to ${day(report.to)}`,
    training: `${report.updates} updates, ${(report.clippedShare * 100).toFixed(1)} % clipped`,
    ...(report.gradients === undefined ? {} : gradientLines(report.gradients)),
    validation: `loss ${report.validationLoss.toFixed(5)}`,
    network: JSON.stringify(spec),
  }).map(([name, value]) => `${name.padEnd(11)} ${value}\n`)
  const row = (name: string, { mase, wql, coverage, logLoss, accuracy, targets }: Scores): string[] =>
    logLoss === undefined
      ? [name, shown(mase, 4), shown(wql, 4), shown(coverage, 3), String(targets)]
      : [name, shown(logLoss, 4), shown(accuracy, 3), String(targets)]
  const names = network.logLoss === undefined ? ['MASE', 'WQL', 'COVERAGE'] : ['LOG-LOSS', 'ACCURACY']
  const scored = table(
    ['HELD OUT', ...names, 'TARGETS'],
    [row('network', network), row('baseline', baseline)],
  )
  return `${about.join('')}\n${scored}${byHorizon(report.horizons ?? [])}`
}

/** How gradients fared, and what to change where they did not. */
function gradientLines(gradients: GradientReport): Record<string, string> {
  const { norm, clipNorm, saturated, dead, reach, flow, advice, cost } = gradients
  const measured = [
    reach === null
      ? `more than 1 % left after ${flow.at(-1)![0]} steps`
      : `1 % left after ${reach.toFixed(0)} steps`,
    ...(saturated === null ? [] : [`${(saturated * 100).toFixed(1)} % of activations saturated`]),
    ...(dead === null ? [] : [`${(dead * 100).toFixed(1)} % of ReLU units dead`]),
  ]
  return {
    gradients: `norm ${norm.median.toPrecision(3)} (median), ${norm.largest.toPrecision(3)} (largest), clipped at ${clipNorm}`,
    flow: `${measured.join(', ')}; measured in ${(cost * 100).toFixed(1)} % of the time`,
    ...(advice.length === 0 ? {} : { advice: advice.join(`\n${' '.repeat(12)}`) }),
  }
}

/** How two versions differ: what they were made for, how they were trained, what they scored, and their weights. */
export interface Difference {
  readonly name: string
  readonly values: readonly [string, string]
}

export function differencesOf(one: StoredModel, other: StoredModel): Difference[] {
  const both = [one, other] as const
  const row = (name: string, of: (model: StoredModel) => string): Difference => ({
    name,
    values: [of(one), of(other)],
  })
  const traits = both.map(({ spec }) => traitsOf(spec))
  const names = [...new Set(traits.flatMap((each) => Object.keys(each)))]
  const report = (name: string, of: (model: StoredModel['report']) => string): Difference =>
    row(name, (model) => of(model.report))
  const score = (name: keyof Scores, digits: number): Difference =>
    row(name, ({ scores }) => shown(scores.network[name], digits))
  const all = [
    ...names.map((name): Difference => {
      const [a, b] = traits.map((each) => String(each[name] ?? '–'))
      return { name, values: [a!, b!] }
    }),
    row('parent', ({ parent }) => (parent === null ? 'none' : String(parent))),
    row('known series', ({ spec }) => String(spec.series.length)),
    report('data from', ({ from }) => day(from)),
    report('data to', ({ to }) => day(to)),
    report('observations', ({ observations }) => String(observations)),
    report('updates', ({ updates }) => String(updates)),
    report('seconds', ({ seconds }) => seconds.toFixed(1)),
    report('backend', ({ backend }) => backend),
    report('validation loss', ({ validationLoss }) => validationLoss.toFixed(5)),
    report('clipped share', ({ clippedShare }) => clippedShare.toFixed(3)),
    score('mase', 4),
    score('wql', 4),
    score('coverage', 3),
    score('logLoss', 4),
    score('targets', 0),
  ]
  return all.filter(({ values: [a, b] }) => a !== b)
}

/** By array of weights, ‖b − a‖ / ‖a‖; `null` where the two networks have not the same arrays. */
export function weightChanges(
  one: StoredModel,
  other: StoredModel,
): readonly (readonly [string, number])[] | null {
  const [a, b] = [layoutOf(one.spec), layoutOf(other.spec)]
  const alike =
    a.entries.length === b.entries.length &&
    a.entries.every(({ name, offset, size }, i) => {
      const entry = b.entries[i]!
      return entry.name === name && entry.offset === offset && entry.size === size
    })
  if (!alike) return null
  return a.entries.map(({ name, offset, size }) => {
    let change = 0
    let norm = 0
    for (let i = offset; i < offset + size; i++) {
      change += (other.weights[i]! - one.weights[i]!) ** 2
      norm += one.weights[i]! ** 2
    }
    return [name, Math.sqrt(change / norm)] as const
  })
}

export function comparison(one: StoredModel, other: StoredModel): string {
  const [a, b] = [one, other].map(({ spec, version }) => `${spec.cell}@${version}`)
  const rows = differencesOf(one, other).map(({ name, values }) => [name, ...values])
  const changes = weightChanges(one, other)
  const weights =
    changes === null
      ? 'Their weights are not alike: they cannot be compared.\n'
      : `\n${table(
          ['WEIGHTS', 'CHANGE'],
          changes.map(([name, change]) => [name, `${(100 * change).toFixed(1)} %`]),
        )}`
  return `${table(['', a!, b!], rows, 3)}${weights}`
}

function day(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16)
}
