import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ESLint } from 'eslint'

const root = fileURLToPath(new URL('../../../', import.meta.url))

/** The rules alone, without type information, so that a snippet needs no file. */
const eslint = new ESLint({
  cwd: root,
  overrideConfig: [
    {
      files: ['**/*.ts', '**/*.tsx'],
      languageOptions: { parserOptions: { projectService: false, project: false } },
    },
  ],
  ruleFilter: ({ ruleId }) =>
    ruleId === '@typescript-eslint/no-restricted-imports' || ruleId === 'no-restricted-globals',
})

async function violations(file: string, code: string): Promise<number> {
  const [result] = await eslint.lintText(code, { filePath: `${root}src/${file}` })
  assert.ok(result !== undefined)
  const fatal = result.messages.find((message) => message.fatal === true)
  assert.equal(fatal, undefined, fatal?.message)
  return result.messages.length
}

const forbidden: readonly (readonly [file: string, code: string])[] = [
  ['core/x.ts', `import '../pipeline/pipe.js'`],
  ['core/x.ts', `import { readFileSync } from 'node:fs'; readFileSync('')`],
  ['core/x.ts', `import * as tf from '@tensorflow/tfjs-core'; tf.tidy`],
  ['core/x.ts', `import { systemClock } from '../ports/clock.js'; systemClock.now()`],
  ['ports/x.ts', `import { decode } from '../core/decode.js'; decode`],
  ['model/x.ts', `import '../adapters/tensorflow/engine.js'`],
  ['telemetry/x.ts', `import '../pipeline/pipe.js'`],
  ['training/x.ts', `import '../pipeline/pipe.js'`],
  ['pipeline/x.ts', `import '../adapters/embedded/log-store.js'`],
  ['pipeline/x.ts', `import { loadConfig } from '../config/load.js'; loadConfig`],
  ['adapters/embedded/x.ts', `import '../../model/network.js'`],
  ['adapters/embedded/x.ts', `import '../http/server.js'`],
  ['adapters/http/x.ts', `import '../../config/load.js'`],
  ['adapters/http/x.ts', `import '../../cli/context.js'`],
  ['adapters/embedded/x.ts', `import { map } from 'rxjs'; map`],
  ['page/api/x.ts', `import { Decoder } from '../../core/decode.js'; Decoder`],
  ['page/views/try/x.tsx', `import { TooBusy } from '../../../ports/control/series.js'; TooBusy`],
  ['page/views/try/x.tsx', `import { loadConfig } from '../../../config/load.js'; loadConfig`],
  ['page/parts/x.tsx', `import '../../adapters/http/server.js'`],
  ['page/x.ts', `import { join } from 'node:path'; join('')`],
  ['page/base/x.ts', `import { live } from '../api/live.js'; live`],
  ['page/format/x.ts', `import '../api/client.js'`],
  ['page/api/x.ts', `import '../parts/notice.js'`],
  ['page/charts/x.tsx', `import '../parts/notice.js'`],
  ['page/parts/x.tsx', `import '../views/series/series-page.js'`],
  ['page/parts/x.tsx', `import '../app.js'`],
  ['page/views/try/x.tsx', `import '../series/series-page.js'`],
  ['cli/x.ts', `import '../main.js'`],
  ['cli/x.ts', `console.log(process.argv)`],
  ['cli/x.ts', `import process from 'node:process'; process.exit()`],
]

const allowed: readonly (readonly [file: string, code: string])[] = [
  ['core/x.ts', `import type { PipelineConfig } from '../config/types.js'; export type X = PipelineConfig`],
  ['ports/x.ts', `import type { NetworkSpec } from '../core/network-spec.js'; export type X = NetworkSpec`],
  ['adapters/tensorflow/x.ts', `import '../../model/network.js'; import '../../core/waves.js'`],
  [
    'pipeline/x.ts',
    `import { map } from 'rxjs'; import '../core/waves.js'; import '../model/network.js'; map`,
  ],
  [
    'cli/x.ts',
    `import '../adapters/http/server.js'; import '../config/load.js'; import '../pipeline/pipe.js'`,
  ],
  ['page/api/x.ts', `import type { Control } from '../../ports/control.js'; export type X = Control`],
  [
    'page/views/try/x.tsx',
    `import '../../charts/chart.js'; import './report.js'; import { useState } from 'preact/hooks'; useState`,
  ],
  ['training/training-process.ts', `import '../adapters/tensorflow/backend.js'; process.exit()`],
  ['main.ts', `import './cli/doctor.js'; process.exit()`],
]

for (const [file, code] of forbidden) {
  test(`src/${file} may not contain: ${code}`, async () => {
    assert.ok((await violations(file, code)) > 0)
  })
}

for (const [file, code] of allowed) {
  test(`src/${file} may contain: ${code}`, async () => {
    assert.equal(await violations(file, code), 0)
  })
}
