import type { ExampleFan, ExampleReport } from '../../../ports/control/backtest-report.js'
import { axes, drawing, path, place as at, type Frame } from './axes.js'
import { html, type Markup } from './markup.js'
import { day, moment, plain } from './numbers.js'
import { scaleOver, timeTicks, type Scale } from './scale.js'
import { tableOf } from './tables.js'

const FRAME: Frame = { width: 1140, height: 320, left: 64, right: 16, top: 14, bottom: 30 }

/** There is room for more than in a chart of half the width. */
const MOST_TICKS = 12

interface Place {
  readonly x: Pick<Scale, 'at'>
  readonly y: Scale
  readonly values: ExampleReport['values']
}

/** Forecasts from several origins over what came; those of each model lie in a group of their own, of which one is shown. */
export function fanChart(example: ExampleReport, models: readonly string[]): Markup {
  const { series, ts, values, fans } = example
  const { width, height, left, right, top, bottom } = FRAME
  const x = { at: (i: number): number => left + (i / Math.max(1, ts.length - 1)) * (width - left - right) }
  const observed = values.filter((value) => value !== null)
  const forecast = fans.flatMap(({ quantiles }) => Object.values(quantiles).flat())
  const y = scaleOver([...observed, ...forecast], height - bottom, top, 'tight')
  const place = { x, y, values }
  const groups = models.map((model) => {
    const own = fans.filter((fan) => fan.model === model)
    return html`<g class="fans m-${model}">${drawnFans(own, place)}</g>`
  })
  const actual = path(values.map((value, i) => (value === null ? null : [x.at(i), y.at(value)])))
  const content = [
    axes(FRAME, x, timeTicks(ts, MOST_TICKS), y, 'number'),
    ...groups,
    html`<path class="line actual" d="${actual}" />`,
  ]
  const name = `${series}: forecasts and what came, ${moment(ts[0]!)} to ${moment(ts.at(-1)!)}`
  const tables = models.map((model) => html`<div class="fans m-${model}">${behind(example, model)}</div>`)
  return html`<figure class="wide">
    <figcaption>
      <h3>${series}, ${day(ts[0]!)} to ${day(ts.at(-1)!)}</h3>
    </figcaption>
    ${drawing(FRAME, name, content)}
    <details>
      <summary>Table</summary>
      ${tables}
    </details>
  </figure>`
}

/** Each forecast from its origin on; of forecasts of one step, which end where they begin to be seen, one course through all. */
function drawnFans(fans: readonly ExampleFan[], place: Place): Markup[] {
  if (fans.every(({ quantiles }) => quantiles['0.5']!.length > 1))
    return fans.map((fan) => fanFrom(fan, place))
  const courses: ExampleFan[][] = []
  for (const fan of fans) {
    const course = courses.at(-1)
    if (course?.at(-1)?.origin === fan.origin - 1) course.push(fan)
    else courses.push([fan])
  }
  return courses.map((course) => {
    const levels = Object.keys(course[0]!.quantiles)
    const quantiles = levels.map((level) => [level, course.map((fan) => fan.quantiles[level]![0]!)] as const)
    return drawnFan({ ...course[0]!, quantiles: Object.fromEntries(quantiles) }, place, [])
  })
}

/** A forecast of several steps, with a mark at its origin, where it opens. */
function fanFrom(fan: ExampleFan, place: Place): Markup {
  const [x, y] = [place.x.at(fan.origin), place.y.at(place.values[fan.origin]!)]
  return html`${drawnFan(fan, place, [[x, y]])}<circle class="origin" cx="${at(x)}" cy="${at(y)}" r="3" />`
}

/**
 * Bands from the outermost pair of quantiles inwards, and the median.
 * @param start where they begin, or nothing
 */
function drawnFan(
  { origin, quantiles }: ExampleFan,
  { x, y }: Place,
  start: readonly [number, number][],
): Markup {
  const levels = Object.keys(quantiles)
    .map(Number)
    .sort((a, b) => a - b)
  const line = (level: number): [number, number][] =>
    quantiles[String(level)]!.map((value, h) => [x.at(origin + 1 + h), y.at(value)])
  const bands = levels.slice(0, (levels.length - 1) / 2).map((low, i) => {
    const outline = [...start, ...line(levels.at(-1 - i)!), ...line(low).reverse()]
    return html`<path class="band" d="${path(outline)}Z" />`
  })
  return html`${bands}<path class="median" d="${path([...start, ...line(0.5)])}" />`
}

function behind({ series, ts, values, fans }: ExampleReport, model: string): Markup {
  const own = fans.filter((fan) => fan.model === model)
  const levels = Object.keys(own[0]?.quantiles ?? {}).sort((a, b) => Number(a) - Number(b))
  const rows = own.flatMap(({ origin, quantiles }) =>
    quantiles['0.5']!.map((_, h) => {
      const i = origin + 1 + h
      return [
        moment(ts[i]!),
        String(h + 1),
        plain(values[i]),
        ...levels.map((level) => plain(quantiles[level]![h])),
      ]
    }),
  )
  const names = ['time', 'step', 'came', ...levels.map((level) => `quantile ${level}`)]
  return tableOf(`${series}, ${model}`, names, rows)
}
