import { unlessAvailable } from './requirement.js'

export interface RealRegistry {
  readonly url: string
  readonly port: number
  stop(): Promise<void>
}

interface Script {
  startRegistry(options?: { readonly port?: number }): Promise<RealRegistry>
  missingForRegistry(): string | null
}

const script = (await import(new URL('../../../scripts/kafka/registry.mjs', import.meta.url).href)) as Script

/** For a test's `skip`: a real schema registry takes Java, and Maven the first time. */
export const withoutRegistry = unlessAvailable(
  script.missingForRegistry() === null,
  script.missingForRegistry() ?? 'nothing',
)

/** In memory: what was registered is forgotten when it stops. */
export function startRegistry(options?: { readonly port?: number }): Promise<RealRegistry> {
  return script.startRegistry(options)
}
