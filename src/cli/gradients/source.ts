import { resolve } from 'node:path'
import { readObservations, type FileObservation } from '../../adapters/files/observations.js'
import { formats } from '../../config/formats.js'
import { loadConfig } from '../../config/load.js'
import type { SeriesHistory } from '../../core/history.js'
import { readHistories } from '../../training/read-histories.js'
import { configFrom, type ConfigOptions } from '../config-options.js'
import type { CliContext } from '../context.js'
import type { GridOptions } from '../grid-options.js'
import { seriesOf } from '../impute/pieces.js'
import { openRegistry, registryPlace } from '../registry.js'
import { pipelineNamed, withLog } from '../with-log.js'
import type { Data, Stored } from './protocol.js'

/** A file's series on the grid that was said. */
export async function fileData(file: string, grid: GridOptions, context: CliContext): Promise<Data> {
  const pipeline = { interval: formats.interval.print?.(grid.interval), season: grid.season }
  const text = JSON.stringify({ pipelines: { file: pipeline } })
  const shape = loadConfig({ files: [], text, env: context.env }).pipelines[0]!
  return { histories: await fileHistories(file, grid.interval, context), shape }
}

/** A stored network, with the series of its pipeline: of a file, or else those in its topic. */
export async function storedNetwork(
  model: string,
  file: string | undefined,
  options: ConfigOptions,
  context: CliContext,
): Promise<{ readonly model: Stored; readonly data: Data }> {
  const [name, wanted] = splitVersion(model)
  const config = configFrom(options, context)
  const pipeline = pipelineNamed(config, name)
  return withLog(config, context, async (broker) => {
    const version = wanted ?? broker.models.champion(name)
    const stored = version === null ? null : broker.models.get(name, version)
    if (stored === null) {
      const known = broker.models.list(name).map((one) => one.version)
      const which = wanted === undefined ? 'champion' : `version ${wanted}`
      throw new Error(`pipeline "${name}" has no ${which}. Versions: ${known.join(', ') || 'none'}`)
    }
    const { spec, weights } = stored
    if (spec.kind === 'symbols')
      throw new Error(
        `pipeline "${name}" is of symbols, whose inputs are rows of an embedding: profiles are measured on series of numbers. Its cell as such: tidecast gradients --cell ${spec.cell}`,
      )
    const registry = openRegistry(registryPlace(config.schemaRegistry))
    const lookup = registry === null ? null : (id: number) => registry.schema(id)
    const histories =
      file === undefined
        ? await readHistories(broker, pipeline, {}, lookup)
        : await fileHistories(file, pipeline.interval, context)
    if (histories.length === 0)
      throw new Error(`topic "${pipeline.topic}" holds no series: name a file with --data`)
    const shape = { ...pipeline, season: spec.season, horizon: spec.horizon, quantiles: spec.quantiles }
    return { model: { name: `${spec.cell}@${stored.version}`, spec, weights }, data: { histories, shape } }
  })
}

function splitVersion(text: string): readonly [string, number?] {
  const at = text.lastIndexOf('@')
  if (at < 0) return [text]
  const version = Number(text.slice(at + 1))
  if (Number.isInteger(version) && version > 0) return [text.slice(0, at), version]
  throw new Error(`--model ${text}: expected PIPELINE or PIPELINE@VERSION, such as electricity@3`)
}

async function fileHistories(file: string, interval: number, { cwd }: CliContext): Promise<SeriesHistory[]> {
  const rows: FileObservation[] = []
  for await (const chunk of readObservations(resolve(cwd, file))) rows.push(...chunk)
  return seriesOf(rows, interval).flatMap(({ pieces }) =>
    pieces.map(({ series, start, values, ts }) => ({ series, start, values, ts })),
  )
}
