import assert from 'node:assert/strict'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { readPage } from '../../src/adapters/http/page-files.js'

const MOST_BYTES = 150_000
const FOLDER = fileURLToPath(new URL('../../page', import.meta.url))

test('the page is below 150 kB compressed, and all that its markup names is there', async () => {
  const names = await readdir(FOLDER)
  const sizes = names.filter((name) => name.endsWith('.gz')).map(async (name) => stat(join(FOLDER, name)))
  const total = (await Promise.all(sizes)).reduce((sum, { size }) => sum + size, 0)
  assert.ok(total > 10_000 && total < MOST_BYTES, `${total} bytes`)

  const files = await readPage(FOLDER)
  const html = files.get('index.html')!.plain.toString()
  const named = [...html.matchAll(/(?:src|href)="page\/([^"]+)"/g)].map(([, name]) => name!)
  assert.equal(named.length, 2)
  for (const name of named) {
    assert.match(name, /-[A-Z0-9]{8}\.(js|css)$/, 'its name changes with its content')
    assert.ok(files.has(name), name)
  }
  assert.doesNotMatch(html, /https?:|<script>|style=/, 'nothing inline, nothing from elsewhere')
})
