import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dashboardFiles } from '../../deploy/grafana/src/dashboards.js'
import { apiDocument } from '../../src/adapters/http/document.js'
import { catalogue, type MetricDefinition } from '../../src/telemetry/catalogue.js'
import { committedDashboards, panelQueries } from '../support/dashboards.js'

test('the dashboards are what their sources make', async () => {
  const committed = await committedDashboards()
  assert.deepEqual([...committed.keys()], ['fleet.json', 'learning.json', 'quality.json', 'series.json'])
  for (const [name, text] of dashboardFiles()) {
    assert.equal(committed.get(name), text, `${name}: npm run docs writes it`)
  }
})

test('each panel has a number of its own and a title, and none lies over another', async () => {
  for (const [name, text] of await committedDashboards()) {
    const { panels } = JSON.parse(text) as {
      readonly panels: readonly {
        readonly id: number
        readonly title: string
        readonly gridPos: Readonly<Record<'x' | 'y' | 'w' | 'h', number>>
      }[]
    }
    assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length, name)
    const taken = new Set<string>()
    for (const { title, gridPos } of panels) {
      assert.ok(title.length > 0 && gridPos.x + gridPos.w <= 24, `${name}: ${title}`)
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          assert.ok(!taken.has(`${x} ${y}`), `${name}: ${title} lies over another`)
          taken.add(`${x} ${y}`)
        }
      }
    }
  }
})

test('no panel asks for a metric that there is none of, or for a path that the API has not', async () => {
  const known = new Set(
    Object.values<MetricDefinition>(catalogue).flatMap(({ name, type }) =>
      type === 'histogram' ? ['_bucket', '_sum', '_count'].map((end) => name + end) : [name],
    ),
  )
  const { paths } = JSON.parse(await apiDocument()) as { readonly paths: object }
  for (const { name, target } of await panelQueries()) {
    if (target.kind === 'prometheus') {
      for (const [metric] of target.expr.matchAll(/tidecast_\w+/g))
        assert.ok(known.has(metric), `${name}: ${metric}`)
    } else {
      const path = target.path.split('?')[0]!.replace('${pipeline}', '{pipeline}')
      assert.ok(path in paths, `${name}: ${path}`)
    }
  }
})
