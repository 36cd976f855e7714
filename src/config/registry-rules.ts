import type { ConfigProblem } from './error.js'
import type { Rule } from './rules.js'
import type { DaemonSettings } from './schema.js'
import type { PipelineConfig } from './types.js'

export const registryRules: readonly Rule<DaemonSettings>[] = [
  {
    paths: ['schemaRegistry.passwordFile', 'schemaRegistry.password'],
    broken: ({ schemaRegistry: { password, passwordFile } }) => password !== null && passwordFile !== null,
    value: ({ schemaRegistry }) => schemaRegistry.passwordFile,
    expected: 'no password file beside a password: one of the two',
  },
  {
    paths: ['schemaRegistry.tokenFile', 'schemaRegistry.token'],
    broken: ({ schemaRegistry: { token, tokenFile } }) => token !== null && tokenFile !== null,
    value: ({ schemaRegistry }) => schemaRegistry.tokenFile,
    expected: 'no token file beside a token: one of the two',
  },
  {
    paths: ['schemaRegistry.username', 'schemaRegistry.token', 'schemaRegistry.tokenFile'],
    broken: ({ schemaRegistry: { username, token, tokenFile } }) =>
      username !== null && (token !== null || tokenFile !== null),
    value: ({ schemaRegistry }) => schemaRegistry.username,
    expected: 'no name beside a token: one way to log in',
  },
]

export function checkRegistryUse(url: string | null, pipelines: readonly PipelineConfig[]): ConfigProblem[] {
  if (url !== null) return []
  return pipelines.flatMap(({ name, encoding }) =>
    Object.entries(encoding)
      .filter(([, chosen]) => chosen === 'avro' || chosen === 'json-schema')
      .map(([side, chosen]) => ({
        path: `pipelines.${name}.encoding.${side}`,
        value: chosen,
        expected: 'schemaRegistry.url beside it: its schemas are in a registry',
      })),
  )
}
