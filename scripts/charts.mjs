import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { freePort } from './free-port.mjs'
import { listening, startDemonstration, untilNetwork } from './pictures/demonstration.mjs'
import { dashboardSvg } from './pictures/draw.mjs'
import { root } from './setup/paths.mjs'

const help = `Usage: node scripts/charts.mjs [options]

Runs the demonstration and a real Prometheus with the rules of deploy/prometheus, and draws the dashboards of
deploy/grafana, as they are committed, from what Prometheus and the daemon answer to their panels' queries, into
docs/pictures. Says which alerts have fired. Needs Prometheus.

  --wait SECONDS     for a network that forecasts electricity, at most (default 600)
  --minutes MINUTES  more, after that (default 3)
  --help
`

const { values } = parseArgs({
  options: {
    wait: { type: 'string', default: '600' },
    minutes: { type: 'string', default: '3' },
    help: { type: 'boolean', short: 'h', default: false },
  },
})

const PIPELINE = 'electricity'
const SERIES = 'demand'
const POINTS = 90
const KINDS = { row: 'row', stat: 'figures', table: 'rows', timeseries: 'lines' }

if (values.help) process.stdout.write(help)
else process.exitCode = await main(Number(values.wait) * 1000, Number(values.minutes) * 60_000)

async function main(waitMs, moreMs) {
  const folder = mkdtempSync(join(tmpdir(), 'tidecast-charts-'))
  const named = `pipelines.${PIPELINE}.metrics.series=["${SERIES}"]`
  const daemon = startDemonstration(folder, [named])
  const children = [daemon]
  try {
    const url = await listening(daemon)
    const prometheus = await startPrometheus(folder, new URL(url).host, children)
    const began = Date.now()
    await untilNetwork(url, waitMs)
    await pause(moreMs)
    mkdirSync(join(root, 'docs/pictures'), { recursive: true })
    for (const name of ['fleet', 'quality', 'learning', 'series']) {
      const dashboard = JSON.parse(readFileSync(join(root, `deploy/grafana/dashboards/${name}.json`), 'utf8'))
      const panels = []
      for (const panel of dashboard.panels) panels.push(await filled(name, panel, { url, prometheus, began }))
      const file = join(root, `docs/pictures/grafana-${name}.svg`)
      writeFileSync(file, dashboardSvg(dashboard.title, panels))
      process.stderr.write(`${file}\n`)
    }
    const fired = await answer(prometheus, 'query', {
      query: 'count_over_time(ALERTS{alertstate="firing"}[1h])',
    })
    const names = fired.map(({ metric }) => `${metric.alertname} ${metric.pipeline ?? ''}`)
    process.stdout.write(`alerts that have fired: ${names.length === 0 ? 'none' : names.join(', ')}\n`)
    return 0
  } finally {
    for (const child of children) {
      child.kill('SIGTERM')
      if (child.exitCode === null) await once(child, 'exit')
    }
    rmSync(folder, { recursive: true, force: true })
  }
}

async function startPrometheus(folder, target, children) {
  const rules = join(root, 'deploy/prometheus/rules.yml')
  const config = readFileSync(join(root, 'deploy/prometheus/prometheus.yml'), 'utf8')
  writeFileSync(
    join(folder, 'prometheus.yml'),
    config.replace('tidecast:8787', target).replace('- rules.yml', `- ${rules}`),
  )
  const address = `127.0.0.1:${await freePort()}`
  const flags = [`config.file=${folder}/prometheus.yml`, `storage.tsdb.path=${folder}/prometheus`]
  const args = [...flags, `web.listen-address=${address}`, 'log.level=warn'].map((flag) => `--${flag}`)
  children.push(spawn('prometheus', args, { stdio: ['ignore', 'ignore', 'inherit'] }))
  for (let tries = 0; tries < 300; tries++) {
    if ((await fetch(`http://${address}/-/ready`).catch(() => null))?.ok) return `http://${address}`
    await pause(100)
  }
  throw new Error('Prometheus does not start')
}

/** What is drawn of a panel. */
async function filled(
  dashboard,
  { type, title, gridPos, targets = [], fieldConfig, transformations = [] },
  { url, prometheus, began },
) {
  const { unit, min, max } = fieldConfig?.defaults ?? {}
  const panel = { title: filledIn(title, dashboard), kind: KINDS[type], at: gridPos, unit, min, max }
  if (type === 'row') return panel
  const answers = []
  for (const target of targets) {
    if (target.expr === undefined) {
      const path = filledIn(target.url, dashboard)
      const rows = (await (await fetch(`${url}${path}`)).json())[target.root_selector]
      if (type === 'table') return { ...panel, rows: rows.map((row) => columnsOf(row, target.columns)) }
      const fields = target.columns.map(({ selector }) => selector).filter((name) => name !== 'time')
      const pointsOf = (name) => rows.filter((row) => name in row).map((row) => [row.time, row[name]])
      return { ...panel, series: fields.map((name) => ({ name, points: pointsOf(name) })) }
    }
    const expr = filledIn(target.expr, dashboard)
    answers.push(...(await seriesOf(prometheus, expr, target, began)))
  }
  return type === 'table'
    ? { ...panel, rows: answers.map(({ labels }) => renamed(labels, transformations)) }
    : { ...panel, series: answers }
}

function renamed(labels, transformations) {
  const { renameByName } = transformations.find(({ id }) => id === 'organize').options
  return Object.fromEntries(Object.entries(renameByName).map(([label, name]) => [name, labels[label]]))
}

async function seriesOf(prometheus, query, { legendFormat, instant }, began) {
  const found = instant
    ? await answer(prometheus, 'query', { query })
    : await answer(prometheus, 'query_range', {
        query,
        start: began / 1000,
        end: Date.now() / 1000,
        step: Math.max(5, Math.ceil((Date.now() - began) / 1000 / POINTS)),
      })
  return found.map(({ metric, value, values: all = [value] }) => {
    const name = legendFormat.replace(/\{\{(\w+)\}\}/g, (_, label) => metric[label] ?? '')
    return { name, labels: metric, points: all.map(([time, number]) => [1000 * time, Number(number)]) }
  })
}

async function answer(prometheus, what, query) {
  const url = new URL(`${prometheus}/api/v1/${what}`)
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
  const response = await fetch(url)
  const { status, error, data } = await response.json()
  if (status !== 'success') throw new Error(`${query.query}: ${error}`)
  return data.result
}

/** As Grafana puts variables into texts: all pipelines, but one on the dashboard of single series. */
function filledIn(text, dashboard) {
  const variables = {
    pipeline: dashboard === 'series' ? PIPELINE : '.+',
    series: SERIES,
    named: SERIES,
    __rate_interval: '30s',
    __from: '0',
    __to: '4102444800000',
  }
  const recent = text.replace('limit=5000', 'limit=120')
  return recent.replace(/\$\{(\w+)(?::\w+)?\}|\$(\w+)/g, (_, braced, bare) => variables[braced ?? bare])
}

function columnsOf(row, columns) {
  const shown = ({ selector, type }) => {
    const value = row[selector]
    if (type === 'timestamp_epoch') return new Date(value).toISOString().slice(0, 16)
    return typeof value === 'number' ? Number(value.toPrecision(3)) : (value ?? '–')
  }
  return Object.fromEntries(columns.map((column) => [column.text, shown(column)]))
}
