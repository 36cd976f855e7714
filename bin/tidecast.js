#!/usr/bin/env node
import { existsSync } from 'node:fs'

const main = new URL('../dist/src/main.js', import.meta.url)

if (existsSync(main)) {
  await import(main.href)
} else {
  process.stderr.write('tidecast is not built yet: run "npm run build" (or "npm start") in its folder\n')
  process.exitCode = 1
}
