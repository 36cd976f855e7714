import { loadConfig } from '../../src/config/load.js'
import type { PipelineConfig } from '../../src/config/types.js'

/** A pipeline's configuration as the daemon would read it: `settings` as they stand in a file. */
export function pipelineConfig(name: string, settings: Readonly<Record<string, unknown>>): PipelineConfig {
  const text = JSON.stringify({ pipelines: { [name]: settings } })
  return loadConfig({ files: [], text, env: {} }).pipelines[0]!
}
