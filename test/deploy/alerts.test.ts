import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { parse } from 'yaml'
import { catalogue, type MetricDefinition } from '../../src/telemetry/catalogue.js'
import { promtool, WITHOUT_PROMETHEUS } from '../support/prometheus.js'

const root = join(import.meta.dirname, '..', '..', '..')
const TESTS = join(root, 'test', 'deploy', 'alerts.yml')
const FOLDER = join(root, 'deploy', 'prometheus')

interface Alert {
  readonly alert: string
  readonly expr: string
  readonly labels: { readonly severity: string }
  readonly annotations: Readonly<Record<'summary' | 'description' | 'runbook_url', string>>
}

interface AlertTests {
  readonly tests: readonly {
    readonly alert_rule_test: readonly {
      readonly alertname: string
      readonly exp_alerts: readonly object[]
    }[]
  }[]
}

const { groups } = parse(await readFile(join(FOLDER, 'rules.yml'), 'utf8')) as {
  readonly groups: readonly { readonly rules: readonly Alert[] }[]
}
const alerts = groups.flatMap(({ rules }) => rules)

describe('deploy/prometheus', () => {
  test('Prometheus takes the configuration and the rules', { skip: WITHOUT_PROMETHEUS }, async () => {
    const { code, text } = await promtool(['check', 'config', join(FOLDER, 'prometheus.yml')])
    assert.equal(code, 0, text)
    assert.match(text, new RegExp(`${alerts.length} rules found`))
  })

  test(
    'each alert fires on what it is for, and on nothing beside',
    { skip: WITHOUT_PROMETHEUS },
    async () => {
      const { code, text } = await promtool(['test', 'rules', TESTS])
      assert.equal(code, 0, text)
    },
  )

  test('each alert is tested both ways', async () => {
    const { tests } = parse(await readFile(TESTS, 'utf8')) as AlertTests
    const checks = tests.flatMap((one) => one.alert_rule_test)
    for (const { alert } of alerts) {
      const own = checks.filter(({ alertname }) => alertname === alert)
      assert.ok(
        own.some(({ exp_alerts }) => exp_alerts.length > 0),
        `${alert} fires in no test`,
      )
      assert.ok(
        own.some(({ exp_alerts }) => exp_alerts.length === 0),
        `${alert} is quiet in no test`,
      )
    }
  })

  test('each alert says how severe it is, what is the matter, and where its entry in the runbook stands', async () => {
    const page = await readFile(join(root, 'docs', 'operations.md'), 'utf8')
    const headings = page.split('\n').flatMap((line) => /^### (\w+)$/.exec(line)?.[1] ?? [])
    for (const { alert, labels, annotations } of alerts) {
      assert.match(labels.severity, /^(critical|warning|info)$/, alert)
      assert.ok(annotations.summary.length > 10 && annotations.description.length > 10, alert)
      assert.equal(annotations.runbook_url, `docs/operations.md#${alert.toLowerCase()}`)
      assert.ok(headings.includes(alert), `${alert} is not in docs/operations.md`)
    }
    assert.deepEqual(
      headings.filter((heading) => heading.startsWith('Tidecast')).sort(),
      alerts.map(({ alert }) => alert).sort(),
    )
  })

  test('no alert is about a metric or a label that there is none of', () => {
    const known = new Map(Object.values<MetricDefinition>(catalogue).map((one) => [one.name, one]))
    for (const { alert, expr } of alerts) {
      for (const [name] of expr.matchAll(/tidecast_\w+/g)) assert.ok(known.has(name), `${alert}: ${name}`)
      for (const [, name, matchers] of expr.matchAll(/(tidecast_\w+)\{([^}]*)\}/g)) {
        for (const [, label] of matchers!.matchAll(/(\w+)\s*[=!]/g)) {
          assert.ok(known.get(name!)!.labels.includes(label!), `${alert}: ${name!}{${label!}}`)
        }
      }
    }
  })
})
