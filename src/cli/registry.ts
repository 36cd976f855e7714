import { ConfluentRegistry } from '../adapters/registry/confluent-registry.js'
import type { SchemaRegistryConfig } from '../config/types.js'
import type { RegistryPlace, SchemaRegistry } from '../ports/schema-registry.js'

/** `null` where none is configured. */
export function registryPlace({ url, ...settings }: SchemaRegistryConfig): RegistryPlace | null {
  if (url === null) return null
  const { username, password, token, ca, timeout, register } = settings
  return {
    url: url.replace(/\/+$/, ''),
    timeoutMs: timeout,
    register,
    ...(ca === null ? {} : { ca }),
    ...(token === null ? {} : { login: { kind: 'bearer', token } }),
    ...(username === null ? {} : { login: { kind: 'basic', username, password: password ?? '' } }),
  }
}

export function openRegistry(place: RegistryPlace | null): SchemaRegistry | null {
  return place === null ? null : new ConfluentRegistry(place)
}
