/**
 * "Dependencies point inwards" as lint rules: what the files of a layer may not import. A missing arrow is a decision;
 * to add one, change it here and write the reason into docs/decisions/.
 */

/** Layer → layers it may import from, besides itself. */
const arrows = {
  core: [],
  ports: ['core'],
  config: ['core', 'ports'],
  model: ['core', 'ports'],
  telemetry: ['core', 'ports'],
  training: ['model', 'core', 'ports', 'telemetry'],
  pipeline: ['model', 'core', 'ports', 'telemetry'],
  'adapters/embedded': ['core', 'ports', 'telemetry'],
  'adapters/kafka': ['adapters/embedded', 'core', 'ports', 'telemetry'],
  'adapters/registry': ['core', 'ports'],
  'adapters/http': ['core', 'ports', 'telemetry'],
  'adapters/tensorflow': ['model', 'core', 'ports', 'telemetry'],
  page: ['core', 'ports'],
  cli: ['config', 'pipeline', 'training', 'adapters', 'model', 'core', 'ports', 'telemetry'],
}

/** The folders of the page, likewise. */
const pageArrows = {
  base: [],
  format: ['base'],
  api: ['base'],
  charts: ['base', 'format'],
  parts: ['base', 'format', 'api'],
  views: ['base', 'format', 'api', 'charts', 'parts'],
}

/** A thread's or a process's first file puts its parts together, as main.ts does for the daemon. */
const entryFiles = ['src/main.ts', 'src/**/*-process.ts', 'src/**/*-worker.ts']

const rxjs = { regex: '^rxjs(/|$)', message: 'RxJS lives in src/pipeline only' }
const processModule = {
  regex: '^(node:)?process$',
  message:
    'only main.ts and the entry files of threads and processes read process.*; it is handed in elsewhere',
}
/** The configuration's type is everybody's vocabulary; how it is read is not. */
const configTypes = {
  regex: '^(\\.\\./)+config/types\\.js$',
  message: 'only types may be imported from config/types.ts',
  allowTypeImports: true,
}

function forbidden(layer) {
  // The command line and the configuration have patterns of their own.
  const others = Object.keys(arrows).filter((other) => ![layer, 'cli', 'config'].includes(other))
  const allowed = arrows[layer]
  const names = others
    .filter((other) => !allowed.includes(other) && !allowed.includes(other.split('/')[0]))
    .map((other) => (layer.startsWith('adapters/') ? `(adapters/)?${other.replace('adapters/', '')}` : other))
  const patterns = []
  if (names.length > 0) {
    patterns.push({
      regex: `^(\\.\\./)+(${names.join('|')})/`,
      message: `${layer} may import ${list(allowed)} only`,
    })
  }
  const outermost = layer === 'cli' ? 'main\\.js$' : '(main\\.js$|cli/)'
  patterns.push({ regex: `^(\\.\\./)+${outermost}`, message: 'nothing imports what puts the parts together' })
  if (!allowed.includes('config') && layer !== 'config') {
    patterns.push(
      { regex: '^(\\.\\./)+config/(?!types\\.js$)', message: 'the configuration is handed in' },
      configTypes,
    )
  }
  return patterns
}

function list(allowed) {
  return allowed.length === 0 ? 'itself' : allowed.join(', ')
}

function extras(layer) {
  switch (layer) {
    case 'core':
      return [{ regex: '^[^.]', message: 'core is pure: no packages, no I/O' }]
    case 'ports':
      return [
        {
          regex: '^(\\.\\./)+core/',
          message: 'ports share types with core, not code',
          allowTypeImports: true,
        },
      ]
    case 'page':
      return [
        { regex: '^node:', message: 'the page runs in a browser' },
        {
          regex: '^(\\.\\./)+(core|ports)/',
          message: 'the page shares the types of what HTTP answers, not code',
          allowTypeImports: true,
        },
      ]
    default:
      return []
  }
}

function forbiddenInPage(folder) {
  const allowed = pageArrows[folder]
  const others = Object.keys(pageArrows).filter((other) => other !== folder && !allowed.includes(other))
  return [
    {
      regex: `^(\\.\\./)+((${[...others, 'app\\.js', 'main\\.js'].join('|')})(/|$))`,
      message: `${folder} of the page may import ${list(allowed)} only`,
    },
    ...(folder === 'views'
      ? [{ regex: '^\\.\\./[^.]', message: 'a view does without the other views' }]
      : []),
  ]
}

/** What a file of a layer may not import; `more` are rules of a part of it. */
const patternsOf = (layer, more = []) => [
  ...forbidden(layer),
  ...extras(layer),
  ...more,
  processModule,
  ...(layer === 'pipeline' ? [] : [rxjs]),
]

const rule = (patterns) => ({ '@typescript-eslint/no-restricted-imports': ['error', { patterns }] })

export const layers = [
  {
    files: ['src/**/*.ts', 'src/**/*.tsx'],
    ignores: entryFiles,
    rules: { 'no-restricted-globals': ['error', { name: 'process', message: processModule.message }] },
  },
  { files: ['src/*.ts'], ignores: entryFiles, rules: rule([rxjs, processModule]) },
  ...Object.keys(arrows).map((layer) => ({
    files: [`src/${layer}/**/*.ts`, `src/${layer}/**/*.tsx`],
    ignores: entryFiles,
    rules: rule(patternsOf(layer)),
  })),
  ...Object.keys(pageArrows).map((folder) => ({
    files: [`src/page/${folder}/**/*.ts`, `src/page/${folder}/**/*.tsx`],
    rules: rule(patternsOf('page', forbiddenInPage(folder))),
  })),
  { files: entryFiles, rules: rule([rxjs]) },
]
