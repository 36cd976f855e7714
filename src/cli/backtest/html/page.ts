import type { BacktestReport, ModelReport } from '../../../ports/control/backtest-report.js'
import { qualityCharts } from './charts.js'
import { fanChart } from './fan-chart.js'
import { html, Markup } from './markup.js'
import { day, percent, whole } from './numbers.js'
import { gateText } from './outcomes.js'
import { bucketsTable, scoresTable, trainingsTable } from './score-tables.js'
import { STYLE } from './style.js'
import { trainingCharts } from './training-charts.js'

export interface PageOptions {
  /** What the data are called. */
  readonly name: string
  /** The command that made the report. */
  readonly command: string
  /** Of the package. */
  readonly version: string
}

/** A report as one HTML page that needs nothing else: no script, no other file, no network. */
export function reportPage(report: BacktestReport, { name, command, version }: PageOptions): string {
  const { data, models, examples } = report
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${name}: backtest</title>
        <style>
          ${new Markup(STYLE + shownFans(models))}
        </style>
      </head>
      <body>
        <header>
          <p class="kicker">Tidecast backtest</p>
          <h1>${name}</h1>
          <p>${scope(report)}</p>
          <p class="verdict">${verdict(models, report.options.quantiles)}</p>
        </header>
        <main>
          <section>
            <h2>Scores</h2>
            <p>
              On the last ${percent(0)(report.options.test)} of each series, ${day(data.testFrom)} to
              ${day(data.to)}, which no training
              saw${models.some(({ trainings }) => trainings.length > 1) ? ' before it had been forecast' : ''}.
              All on the same targets.
            </p>
            <div class="card">${scoresTable(report)}</div>
          </section>
          ${examples.length > 0 ? forecasts(report) : null} ${qualityCharts(report)} ${bucketsTable(report)}
          ${trainingCharts(report)} ${trainingsTable(report)}
          <section>
            <h2>What the figures mean</h2>
            ${report.options.kind === 'symbols' ? SYMBOLS_GLOSSARY : GLOSSARY}
          </section>
          <section>
            <h2>How it was made</h2>
            <p>
              Every record went through the daemon’s own code: decoded, stepped, calibrated, published. The
              same command on the same data gives the same numbers.
            </p>
            <pre><code>${command}</code></pre>
          </section>
        </main>
        <footer>Tidecast ${version} · ${whole(report.seconds)} s</footer>
      </body>
    </html> `
  return page.text
}

function scope({ options, data }: BacktestReport): string {
  const { interval, season, horizon, kind } = options
  const grid = interval === 'observations' ? 'one step per observation' : `steps of ${spoken(interval)}`
  const seasons = [...new Set([season.short, season.long])].filter((steps) => steps > 1)
  return [
    `${whole(data.series)} series`,
    `${whole(data.observations)} ${kind === 'symbols' ? 'symbols' : 'observations'}`,
    ...(data.missing > 0 ? [`${whole(data.missing)} missing`] : []),
    `${day(data.from)} to ${day(data.to)}`,
    ...(kind === 'symbols'
      ? []
      : [grid, seasons.length > 0 ? `seasons of ${seasons.join(' and ')} steps` : 'no season']),
    `forecasts of ${horizon} ${horizon === 1 ? 'step' : 'steps'}`,
  ].join(' · ')
}

/** `PT1H` as `1 h`. */
function spoken(interval: string): string {
  return interval
    .replace(/^P/, '')
    .replace('T', '')
    .replace(
      /(\d+)([DHMS])/g,
      (_, n: string, unit: string) => `${n} ${{ D: 'd', H: 'h', M: 'min', S: 's' }[unit]} `,
    )
    .trim()
}

/** What it comes to, in a sentence. */
function verdict(models: readonly ModelReport[], quantiles: readonly number[]): Markup {
  const baseline = models.at(-1)!
  const loss = ({ scores }: ModelReport): number => scores.logLoss ?? scores.wql ?? Infinity
  const best = models.reduce((least, model) => (loss(model) < loss(least) ? model : least))
  const what = best.scores.logLoss === undefined ? 'quantile loss' : 'log-loss'
  const claimed = quantiles.at(-1)! - quantiles[0]!
  const coverage =
    best.scores.coverage === null
      ? null
      : html` Its ${percent(0)(claimed)} intervals cover ${percent(1)(best.scores.coverage)} of what came.`
  if (best === baseline) {
    const all = models.length > 1 ? 'No network does better than the' : 'Here is only the'
    return html`${all} <strong>baseline</strong>, which would forecast these series.${coverage}`
  }
  const gain = percent(0)(1 - loss(best) / loss(baseline))
  return html`<strong>${best.name}</strong> forecasts best: ${gain} less ${what} than the
    baseline.${coverage}${gateSentences(best)}`
}

/** What the daemon would have made of it. */
function gateSentences({ trainings: [first, ...later] }: ModelReport): string {
  const doubt =
    first?.verdict?.promote === false
      ? ` At the beginning of the test part the daemon would not have used it yet: its gate ${gateText(first)}.`
      : ''
  const taken = later.filter(({ promoted }) => promoted).length
  const rolling =
    later.length === 0
      ? ''
      : ` It was retrained ${later.length === 1 ? 'once' : `${later.length} times`} on the way; the gate took ${taken === 0 ? 'none' : taken} of these networks.`
  return doubt + rolling
}

/** One model's forecasts are shown at a time, the first one's to begin with. */
function forecasts({ models, examples, options }: BacktestReport): Markup {
  const { quantiles } = options
  const claimed = percent(0)(quantiles.at(-1)! - quantiles[0]!)
  const names = models.map(({ name }) => name)
  const choices = names.map(
    (name, i) =>
      html`<label class="m-${name}"
        ><input type="radio" name="fans" id="show-${name}" ${new Markup(i === 0 ? ' checked' : '')} />
        ${name}</label
      >`,
  )
  return html`<section>
    <h2>Forecasts and what came</h2>
    <p>
      ${options.horizon === 1 ? 'Each point was forecast one step before:' : 'From each circle on, a forecast as it was published then:'}
      its median, and its ${claimed} interval as an area. The dark line is what came.
    </p>
    <fieldset>
      <legend>Forecasts of</legend>
      ${choices}
    </fieldset>
    ${examples.map((example) => fanChart(example, names))}
  </section>`
}

function shownFans(models: readonly ModelReport[]): string {
  return models
    .map(({ name }) => `body:has(#show-${name}:not(:checked)) .fans.m-${name} { display: none; }\n`)
    .join('')
}

const GLOSSARY = html`<dl>
  <dt>MASE</dt>
  <dd>
    Mean error of the median, over the error of repeating the last season in the data before the test part.
    Below 1 is better than that.
  </dd>
  <dt>WQL</dt>
  <dd>
    Weighted quantile loss of the lowest quantile, the median and the highest: errors of all three, over the
    mean size of the values. What networks are judged by.
  </dd>
  <dt>Coverage</dt>
  <dd>Share of values inside the outermost interval. Neither more nor less than it claims is right.</dd>
  <dt>sMAPE</dt>
  <dd>Mean of 2 |value − median| / (|value| + |median|).</dd>
  <dt>Bias</dt>
  <dd>
    Mean of value minus median, in the naive error that MASE has as its unit. Above 0, forecasts are too low.
  </dd>
  <dt>Baseline</dt>
  <dd>
    The seasonal naive forecast with intervals from its own errors. The daemon forecasts with it until a
    network beats it by more than noise.
  </dd>
</dl>`

const SYMBOLS_GLOSSARY = html`<dl>
  <dt>Log-loss</dt>
  <dd>
    Mean of −ln of the probability that was forecast for the symbol that came. What networks are judged by.
  </dd>
  <dt>Accuracy</dt>
  <dd>Share of symbols that were the most probable one.</dd>
  <dt>Baseline</dt>
  <dd>
    How often each symbol has followed on the one before. The daemon forecasts with it until a network has a
    lower log-loss.
  </dd>
</dl>`
