import { formats } from './formats.js'
import { pipelineSchema } from './pipeline-schema.js'
import { RELOADS, RELOAD_TEXTS } from './reload-class.js'
import { daemonSchema } from './schema.js'
import { settingsOf } from './setting.js'
import type { SchemaNode, Setting } from './setting.js'

const INTRODUCTION = `# Configuration

<!-- Generated from the schema by \`tidecast config reference\`: change the schema, not this page. -->

A configuration is a JSON5 file (JSON with comments, trailing commas and unquoted keys), or a YAML file where its name ends
in \`.yaml\` or \`.yml\`. Values are taken from the defaults, the profiles and files in their order, the environment and
\`--set path=value\`, each over the one before. Everything is checked before anything starts; \`tidecast config check\` only
checks, \`tidecast config show --origins\` prints the outcome and where each value came from, and \`tidecast config schema\`
prints a JSON Schema for editors.

Durations are written with their unit ("500ms", "90s", "1h30m", "7d", ISO 8601 "PT15M"), sizes as "64KiB", "8MiB" or a
number of bytes.

## Changes while the daemon runs

A reload takes effect whole or not at all, see [operations](operations.md#changing-a-running-daemon). What a change of a
setting takes stands with it; \`tidecast config plan\` says it for the changes you have made, \`tidecast config diff OLD NEW\`
for what differs between two files.

`

/** The page about every setting, in Markdown: path, kind, default, environment variable and purpose. */
export function configReference(): string {
  return [
    INTRODUCTION + RELOADS.map((reload) => `- \`${reload}\`: ${RELOAD_TEXTS[reload]}.`).join('\n'),
    '',
    '## Daemon\n',
    ...list(daemonSchema),
    '\n## Pipelines\n',
    'Under `pipelines.<name>`, one entry for each pipeline. Names have letters, digits, "\\_" and "-".\n',
    ...list(pipelineSchema),
    '',
  ].join('\n')
}

function list(schema: SchemaNode): string[] {
  return [...settingsOf(schema)].map(([path, setting]) => {
    const env = setting.env === undefined ? '' : ` Environment: \`${setting.env}\`.`
    return `- \`${path}\`: ${setting.doc} Takes ${formats[setting.format].expected(setting)}. Default: ${defaultOf(setting)}.${env} Reload: ${reloadOf(setting)}.`
  })
}

function reloadOf({ reload, narrowed }: Setting<unknown>): string {
  return `\`${reload}\`${narrowed === undefined ? '' : `; \`${narrowed}\` to a smaller one, or to fewer of them`}`
}

function defaultOf(setting: Setting<unknown>): string {
  if (setting.default === null) return setting.defaultText ?? 'none'
  const printed = formats[setting.format].print?.(setting.default) ?? setting.default
  return `\`${literal(printed)}\``
}

function literal(value: unknown): string {
  return Array.isArray(value) ? `[${value.join(', ')}]` : JSON.stringify(value)
}
