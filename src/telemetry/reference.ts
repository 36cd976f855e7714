import { catalogue } from './catalogue.js'
import type { MetricDefinition } from './catalogue.js'

const INTRODUCTION = `# Metrics

<!-- Generated from the catalogue of metrics: change the catalogue, not this page. -->

Served at \`/metrics\` in Prometheus' text format, together with Node's and the process's own (\`nodejs_*\`, \`process_*\`).
Labels have few values: pipelines, partitions and closed lists; series only where \`metrics.series\` names them, 20 at most
of a pipeline, with five time series each.
`

/** The page about every metric, in Markdown. */
export function metricsReference(): string {
  return [INTRODUCTION, ...Object.values<MetricDefinition>(catalogue).map(entry), ''].join('\n')
}

function entry({ name, type, labels, help }: MetricDefinition): string {
  return `- \`${name}\` (${type}; ${labels.map((label) => `\`${label}\``).join(', ')}): ${help}`
}
