import { after } from 'node:test'
import { startEngine } from '../../src/adapters/tensorflow/engine.js'
import type { PipelineConfig } from '../../src/config/types.js'
import type { Engine, LoadedNetwork } from '../../src/ports/engine.js'
import { randomNetwork } from './pinned-network.js'

let engine: Promise<Engine> | undefined

// Where a test file imports this, at its top level: the end of the file, not of the test that happens to be the first.
after(async () => (await engine)?.close())

/** The real engine, one for all tests of a file. */
export function sharedEngine(): Promise<Engine> {
  engine ??= startEngine({ backend: 'auto', threads: 1 }, (error) => {
    throw error
  })
  return engine
}

/** A network with random weights for a pipeline, loaded. */
export async function loadRandomNetwork(
  config: PipelineConfig,
  series: readonly string[],
): Promise<LoadedNetwork> {
  const { spec, weights } = randomNetwork(config, series)
  return (await sharedEngine()).load(spec, weights)
}
