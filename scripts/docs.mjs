import { copyFile, mkdir, writeFile } from 'node:fs/promises'

// The reference pages are generated from what they describe; a test fails when a committed page is out of date.
const { configReference } = await import('../dist/src/config/reference.js')
const { metricsReference } = await import('../dist/src/telemetry/reference.js')
const { apiDocument } = await import('../dist/src/adapters/http/document.js')
await writeFile(new URL('../docs/openapi.json', import.meta.url), await apiDocument())
await writeFile(new URL('../docs/configuration.md', import.meta.url), configReference())
await writeFile(new URL('../docs/metrics.md', import.meta.url), metricsReference())
const { dashboardFiles } = await import('../dist/deploy/grafana/src/dashboards.js')
for (const [name, text] of dashboardFiles()) {
  await writeFile(new URL(`../deploy/grafana/dashboards/${name}`, import.meta.url), text)
}
// A chart takes no files from outside its folder.
const chart = new URL('../deploy/helm/tidecast/files/', import.meta.url)
await mkdir(chart, { recursive: true })
await copyFile(new URL('../deploy/prometheus/rules.yml', import.meta.url), new URL('rules.yml', chart))
