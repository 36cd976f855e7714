import { Counter, Gauge, Histogram } from 'prom-client'
import type { Registry } from 'prom-client'
import { catalogue } from './catalogue.js'
import type { MetricDefinition } from './catalogue.js'

type Catalogue = typeof catalogue

type MetricOf<D extends MetricDefinition> = D['type'] extends 'counter'
  ? Counter<D['labels'][number]>
  : D['type'] extends 'gauge'
    ? Gauge<D['labels'][number]>
    : Histogram<D['labels'][number]>

export type Metrics = { readonly [K in keyof Catalogue]: MetricOf<Catalogue[K]> }

/** Every metric of the catalogue, in a registry of its own: the global one is shared by whoever imports prom-client. */
export function createMetrics(registry: Registry): Metrics {
  const metrics = Object.entries(catalogue).map(([key, definition]) => [key, create(definition, registry)])
  return Object.fromEntries(metrics) as Metrics
}

function create({ type, name, help, labels, buckets }: MetricDefinition, registry: Registry) {
  const options = { name, help, labelNames: [...labels], registers: [registry] }
  switch (type) {
    case 'counter':
      return new Counter(options)
    case 'gauge':
      return new Gauge(options)
    case 'histogram':
      return new Histogram({ ...options, buckets: [...(buckets ?? [])] })
  }
}
