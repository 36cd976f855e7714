import type { ExampleFan, ExampleReport } from '../../../ports/control/backtest-report.js'
import { axes, drawing, path, place, type Frame } from './axes.js'
import { html, type Markup } from './markup.js'
import { day, moment, plain } from './numbers.js'
import { scaleOver, timeTicks, type Scale } from './scale.js'
import { tableOf } from './tables.js'

const FRAME: Frame = { width: 1140, height: 320, left: 64, right: 16, top: 14, bottom: 30 }

interface Place {
  readonly x: Scale
  readonly y: Scale
  readonly values: ExampleReport['values']
}

/** Forecasts from several origins over what came; those of each model lie in a group of their own, of which one is shown. */
export function fanChart(example: ExampleReport, models: readonly string[]): Markup {
  const { series, ts, values, fans } = example
  const { width, height, left, right, top, bottom } = FRAME
  const x: Scale = { at: (i) => left + (i / Math.max(1, ts.length - 1)) * (width - left - right), ticks: [] }
  const observed = values.filter((value) => value !== null)
  const forecast = fans.flatMap(({ quantiles }) => Object.values(quantiles).flat())
  const y = scaleOver([...observed, ...forecast], height - bottom, top, 'tight')
  const place = { x, y, values }
  const groups = models.map((model) => {
    const own = fans.filter((fan) => fan.model === model)
    return html`<g class="fans m-${model}">${own.map((fan) => drawnFan(fan, place))}</g>`
  })
  const actual = path(values.map((value, i) => (value === null ? null : [x.at(i), y.at(value)])))
  const content = [
    axes(FRAME, x, timeTicks(ts), y, plain),
    ...groups,
    html`<path class="line actual" d="${actual}" />`,
  ]
  const name = `${series}: forecasts and what came, ${moment(ts[0]!)} to ${moment(ts.at(-1)!)}`
  const tables = models.map((model) => html`<div class="fans m-${model}">${behind(example, model)}</div>`)
  return html`<figure class="wide">
    <figcaption>
      <h3>${series}</h3>
      <p>${day(ts[0]!)} to ${day(ts.at(-1)!)}</p>
    </figcaption>
    ${drawing(FRAME, name, content)}
    <details>
      <summary>Table</summary>
      ${tables}
    </details>
  </figure>`
}

/** Bands from the outermost pair of quantiles inwards, opening at the origin, and the median. */
function drawnFan({ origin, quantiles }: ExampleFan, { x, y, values }: Place): Markup {
  const levels = Object.keys(quantiles)
    .map(Number)
    .sort((a, b) => a - b)
  const start: [number, number][] = [[x.at(origin), y.at(values[origin]!)]]
  const line = (level: number): [number, number][] =>
    quantiles[String(level)]!.map((value, h) => [x.at(origin + 1 + h), y.at(value)])
  const bands = levels.slice(0, (levels.length - 1) / 2).map((low, i) => {
    const outline = [...start, ...line(levels.at(-1 - i)!), ...line(low).reverse()]
    return html`<path class="band" d="${path(outline)}Z" />`
  })
  const [[cx, cy]] = start as [[number, number]]
  return html`${bands}<path class="median" d="${path([...start, ...line(0.5)])}" /><circle
      class="origin"
      cx="${place(cx)}"
      cy="${place(cy)}"
      r="3"
    />`
}

function behind({ series, ts, values, fans }: ExampleReport, model: string): Markup {
  const own = fans.filter((fan) => fan.model === model)
  const levels = Object.keys(own[0]?.quantiles ?? {}).sort((a, b) => Number(a) - Number(b))
  const rows = own.flatMap(({ origin, quantiles }) =>
    quantiles['0.5']!.map((_, h) => {
      const at = origin + 1 + h
      return [
        moment(ts[at]!),
        String(h + 1),
        plain(values[at]),
        ...levels.map((level) => plain(quantiles[level]![h])),
      ]
    }),
  )
  const names = ['time', 'step', 'came', ...levels.map((level) => `quantile ${level}`)]
  return tableOf(`${series}, ${model}`, names, rows)
}
