import { table } from '../table.js'
import type { Manifest } from './manifest.js'

/** What a backup holds, for people. */
export function contentsText({ made, tidecast, kind, files, pipelines }: Manifest): string {
  const rows = pipelines.map(({ name, topic, consumed, series, models, champion }) => [
    name,
    topic,
    kind === 'kafka' ? 'in Kafka' : consumed.join(' ') || 'nothing',
    String(series),
    models.join(' ') || 'none',
    champion === null ? 'baseline' : String(champion),
  ])
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  const of = kind === 'kafka' ? 'a process on Kafka' : 'the embedded log'
  const head = `Backup of ${of}, made ${made} by Tidecast ${tidecast}: ${(bytes / 1e6).toFixed(1)} MB\n`
  const header = ['PIPELINE', 'TOPIC', 'CONSUMED TO', 'SERIES', 'VERSIONS', 'CHAMPION']
  return `${head}${table(header, rows, 2)}${kind === 'kafka' ? KAFKA : ''}`
}

const KAFKA =
  'Topics, offsets, states and models are in Kafka: back them up there. The copies of states in here only save reading ' +
  'them again; models are here as files for "tidecast models import", should their topic be lost.\n'
