import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import { serve } from './harness.js'
import { everything } from './everything.js'

interface Operation {
  readonly operationId: string
  readonly summary?: string
  readonly responses: Readonly<Record<string, { readonly content?: object }>>
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}

const committed = readFileSync(new URL('../../../../docs/openapi.json', import.meta.url), 'utf8')

test('the committed description is the one that is served: "npm run docs" writes it', async (t) => {
  const { get } = await serve(t, {}, everything([]))
  assert.deepEqual((await get('/api/v1/openapi.json')).body, JSON.parse(committed))
})

test('the description is valid OpenAPI 3.1', async () => {
  const outcome = await new Validator().validate(committed)
  assert.deepEqual(outcome.errors ?? [], [])
  assert.ok(outcome.valid)
})

test('every route says what it is for and what it answers, under a name of its own', () => {
  const { paths } = JSON.parse(committed) as Document
  const all = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({ at: `${method} ${path}`, ...operation })),
  )
  assert.ok(all.length > 25)
  for (const { at, summary, responses } of all) {
    assert.ok(summary !== undefined && summary.length > 5, at)
    assert.ok(
      Object.keys(responses).some((status) => status.startsWith('2')),
      at,
    )
  }
  assert.equal(new Set(all.map(({ operationId }) => operationId)).size, all.length)
})

test('for people it is a page that names every route and may load nothing', async (t) => {
  const { get } = await serve(t, {}, everything([]))
  const { headers, text } = await get('/api/v1/docs')
  assert.match(headers.get('content-type') ?? '', /^text\/html/)
  assert.match(
    headers.get('content-security-policy') ?? '',
    /^default-src 'none'; style-src 'sha256-[^']+'; base-uri 'none'/,
  )
  assert.doesNotMatch(text, /<script|<img|<link|https?:/)
  for (const path of Object.keys((JSON.parse(committed) as Document).paths)) {
    assert.ok(text.includes(` ${path}</h2>`), path)
  }
})
