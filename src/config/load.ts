import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import JSON5 from 'json5'
import { parse as parseYaml } from 'yaml'
import { readCertificate } from './certificate.js'
import { collect, isObject } from './collect.js'
import type { Collected, Given, Origin } from './collect.js'
import { ConfigError } from './error.js'
import type { ConfigProblem } from './error.js'
import { freeze, toConfig, toPipeline } from './build.js'
import { nearest } from './nearest.js'
import { pipelineSchema } from './pipeline-schema.js'
import { checkRegistryUse } from './registry-rules.js'
import { resolve } from './resolve.js'
import { checkDaemon, checkPipeline, checkTogether } from './rules.js'
import { daemonSchema } from './schema.js'
import { settingsOf } from './setting.js'
import type { Config } from './types.js'

export type FileFormat = 'json5' | 'yaml'

export interface ConfigSources {
  /** JSON5 files, or YAML where they end in .yaml or .yml; a later one replaces single keys of an earlier one. */
  readonly files: readonly string[]
  /** Taken after the files. */
  readonly text?: string
  /** Default: JSON5. */
  readonly textFormat?: FileFormat
  readonly env: Readonly<Record<string, string | undefined>>
  /** Dotted path → value, as given on the command line; the last word. */
  readonly overrides?: Readonly<Record<string, unknown>>
}

/** No dots (they separate path segments) and nothing that needs escaping in a metric label, a path or a URL. */
const PIPELINE_NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/

export interface Loaded {
  readonly config: Config
  /** By path, the file, variable or option that gave the value; what is not in it has its default. */
  readonly origins: ReadonlyMap<string, string>
}

/** Defaults, then files, text, environment and overrides, each over the one before. Throws a `ConfigError` with all problems. */
export function loadConfig(sources: ConfigSources): Config {
  return loadWithOrigins(sources).config
}

/** The same, and where each value came from. */
export function loadWithOrigins(sources: ConfigSources): Loaded {
  const collected: Collected = { daemon: new Map(), pipelines: new Map(), problems: [] }
  const { problems } = collected
  for (const file of sources.files) take(collected, () => readFileSync(file, 'utf8'), file, formatOf(file))
  const { text, textFormat = 'json5' } = sources
  if (text !== undefined) take(collected, () => text, 'text', textFormat)
  takeEnvironment(collected, sources.env)
  for (const [path, value] of Object.entries(sources.overrides ?? {})) takeOverride(collected, path, value)

  const daemon = resolve(daemonSchema, collected.daemon, problems)
  const pipelines = [...collected.pipelines].map(([name, given]) => {
    const { settings, failed } = resolve(pipelineSchema, given, problems, `pipelines.${name}.`)
    const pipeline = toPipeline(name, settings)
    problems.push(...checkPipeline(pipeline, failed))
    return pipeline
  })
  problems.push(...checkDaemon(daemon.settings, daemon.failed), ...checkTogether(pipelines))
  const { http, broker } = daemon.settings
  const token = http.token ?? readSecret('http.tokenFile', http.tokenFile, TOKEN, problems)
  const tls = readCertificate('http.tls', http.tls, problems)
  const { sasl } = broker.kafka
  const { oauth } = sasl
  refuseInFile('broker.kafka.sasl.password', collected)
  refuseInFile('schemaRegistry.password', collected)
  refuseInFile('schemaRegistry.token', collected)
  refuseInFile('broker.kafka.sasl.oauth.clientSecret', collected)
  const password =
    sasl.password ?? readSecret('broker.kafka.sasl.passwordFile', sasl.passwordFile, PASSWORD, problems)
  const clientSecret =
    oauth.clientSecret ??
    readSecret('broker.kafka.sasl.oauth.clientSecretFile', oauth.clientSecretFile, SECRET, problems)
  const { schemaRegistry: registry } = daemon.settings
  const schemaRegistry = {
    ...registry,
    password:
      registry.password ??
      readSecret('schemaRegistry.passwordFile', registry.passwordFile, PASSWORD, problems),
    token: registry.token ?? readSecret('schemaRegistry.tokenFile', registry.tokenFile, BEARER, problems),
  }
  problems.push(...checkRegistryUse(registry.url, pipelines))
  if (problems.length > 0) throw new ConfigError(problems)
  const config = freeze(
    toConfig({ ...daemon.settings, schemaRegistry }, { token, tls, password, clientSecret }, pipelines),
  )
  return { config, origins: originsOf(collected) }
}

function originsOf({ daemon, pipelines }: Collected): ReadonlyMap<string, string> {
  const origins = new Map<string, string>()
  for (const [path, { source }] of daemon) origins.set(path, source)
  for (const [name, given] of pipelines) {
    for (const [path, { source }] of given) origins.set(`pipelines.${name}.${path}`, source)
  }
  return origins
}

/** Of a file, by its name. */
export function formatOf(file: string): FileFormat {
  return /\.ya?ml$/i.test(file) ? 'yaml' : 'json5'
}

function take(collected: Collected, read: () => string, source: string, format: FileFormat): void {
  const yaml = format === 'yaml'
  let raw: unknown
  try {
    const text = read().replace(/^\uFEFF/, '')
    raw = yaml ? (parseYaml(text, { logLevel: 'error' }) ?? {}) : JSON5.parse(text)
  } catch (error) {
    const reason = error instanceof Error ? (error.message.replace(/^JSON5: /, '').split('\n')[0] ?? '') : ''
    const expected = `readable ${yaml ? 'YAML' : 'JSON5'} (${reason})`
    collected.problems.push({ path: '', value: undefined, expected, source })
    return
  }
  takeObject(collected, raw, { source, textual: false })
}

function takeObject(collected: Collected, raw: unknown, origin: Origin): void {
  const { problems } = collected
  if (!isObject(raw)) {
    problems.push({ path: '', value: raw, expected: 'an object', source: origin.source })
    return
  }
  const { pipelines = {}, ...daemon } = raw
  collect(daemon, daemonSchema, origin, collected.daemon, problems)
  if (!isObject(pipelines)) {
    problems.push({
      path: 'pipelines',
      value: pipelines,
      expected: 'a map from name to settings',
      source: origin.source,
    })
    return
  }
  for (const [name, settings] of Object.entries(pipelines)) {
    if (!PIPELINE_NAME.test(name)) {
      const expected =
        'a pipeline name of at most 100 letters, digits, "_" and "-", that starts with a letter or digit'
      problems.push({ path: 'pipelines', value: name, expected, source: origin.source })
      continue
    }
    const given = collected.pipelines.get(name) ?? new Map<string, Given>()
    collected.pipelines.set(name, given)
    collect(settings, pipelineSchema, origin, given, problems, `pipelines.${name}.`)
  }
}

function takeEnvironment(collected: Collected, env: ConfigSources['env']): void {
  for (const [path, { env: name }] of settingsOf(daemonSchema)) {
    const value = name === undefined ? undefined : env[name]
    // Compose files and unit files set variables to nothing in order to leave them out.
    if (name !== undefined && value !== undefined && value !== '') {
      collected.daemon.set(path, { value, source: name, textual: true })
    }
  }
}

function takeOverride(collected: Collected, path: string, value: unknown): void {
  const source = `--set ${path}`
  const segments = path.split('.')
  const [first, name] = segments
  // A misspelt name must not quietly add a pipeline.
  if (first === 'pipelines' && (name === undefined || !collected.pipelines.has(name))) {
    const meant = name === undefined ? undefined : nearest(name, collected.pipelines.keys())
    const expected = 'the name of a configured pipeline'
    collected.problems.push({
      path,
      value: name,
      expected,
      source,
      ...(meant === undefined ? {} : { nearest: meant }),
    })
    return
  }
  const secret = SECRETS.get(path)
  if (secret !== undefined) {
    const expected = `nothing on the command line, which every user of the machine can read: it is given in ${secret}, or in ${path}File`
    collected.problems.push({ path, value: '[secret]', expected, source })
    return
  }
  const nested = segments.reduceRight<unknown>((inner, key) => Object.fromEntries([[key, inner]]), value)
  takeObject(collected, nested, { source, textual: true })
}

/** By path, the environment variable of each. */
const SECRETS = new Map(
  [...settingsOf(daemonSchema)].flatMap(([path, { sensitive, env }]) =>
    sensitive === true && env !== undefined ? [[path, env] as const] : [],
  ),
)

interface SecretForm {
  readonly pattern: RegExp
  readonly expected: string
}

const TOKEN: SecretForm = {
  pattern: /^[\x21-\x7e]{16,}$/,
  expected: 'a file with at least 16 printable characters without spaces',
}
const BEARER: SecretForm = { pattern: /^[\x21-\x7e]+$/, expected: 'a file with the token' }
const PASSWORD: SecretForm = { pattern: /./, expected: 'a file with the password' }
const SECRET: SecretForm = { pattern: /./, expected: 'a file with the secret' }

function readSecret(
  path: string,
  file: string | null,
  { pattern, expected }: SecretForm,
  problems: ConfigProblem[],
): string | null {
  if (file === null) return null
  let secret: string
  try {
    secret = readFileSync(file, 'utf8').trim()
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable'
    problems.push({ path, value: basename(file), expected: `a readable file (${code})`, source: file })
    return null
  }
  if (pattern.test(secret)) return secret
  problems.push({ path, value: basename(file), expected, source: file })
  return null
}

/** Configuration files are shown around and end up in repositories. */
function refuseInFile(path: string, { daemon, problems }: Collected): void {
  const given = daemon.get(path)
  if (given === undefined || given.textual) return
  const expected = `nothing in a configuration file: it is given in the environment, or in ${path}File`
  problems.push({ path, value: '[secret]', expected, source: given.source })
}
