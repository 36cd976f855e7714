import type { SettingsOf } from './setting.js'
import type { SchemaRegistryConfig } from './types.js'

export const registrySchema: SettingsOf<SchemaRegistryConfig> = {
  url: {
    doc: 'Address of a schema registry with the interface of Confluent\'s, for pipelines in Avro or JSON Schema, such as "https://registry:8081".',
    format: 'url',
    reload: 'process-restart',
    default: null,
    defaultText: 'none',
    env: 'TIDECAST_SCHEMA_REGISTRY_URL',
  },
  username: {
    doc: 'Name to log in with (basic authentication).',
    format: 'text',
    reload: 'process-restart',
    default: null,
    env: 'TIDECAST_SCHEMA_REGISTRY_USERNAME',
  },
  password: {
    doc: 'Password to log in with. Refused in a configuration file.',
    format: 'text',
    reload: 'process-restart',
    default: null,
    sensitive: true,
    env: 'TIDECAST_SCHEMA_REGISTRY_PASSWORD',
  },
  passwordFile: {
    doc: 'File that holds the password, such as a mounted secret.',
    format: 'text',
    reload: 'process-restart',
    default: null,
    env: 'TIDECAST_SCHEMA_REGISTRY_PASSWORD_FILE',
  },
  token: {
    doc: 'Bearer token to log in with, instead of a name and a password. Refused in a configuration file.',
    format: 'text',
    reload: 'process-restart',
    default: null,
    sensitive: true,
    env: 'TIDECAST_SCHEMA_REGISTRY_TOKEN',
  },
  tokenFile: {
    doc: 'File that holds the token.',
    format: 'text',
    reload: 'process-restart',
    default: null,
    env: 'TIDECAST_SCHEMA_REGISTRY_TOKEN_FILE',
  },
  ca: {
    doc: 'File with the certificates of the authorities to trust, PEM.',
    format: 'text',
    reload: 'process-restart',
    default: null,
    defaultText: "the system's authorities",
    env: 'TIDECAST_SCHEMA_REGISTRY_CA',
  },
  timeout: {
    doc: 'Longest wait for an answer.',
    format: 'duration',
    reload: 'process-restart',
    min: 100,
    default: 10_000,
    env: 'TIDECAST_SCHEMA_REGISTRY_TIMEOUT',
  },
  register: {
    doc: 'Register the schemas of forecasts where they are missing; with `false` somebody else must have done it.',
    format: 'boolean',
    reload: 'process-restart',
    default: true,
    env: 'TIDECAST_SCHEMA_REGISTRY_REGISTER',
  },
}
