import { handOver } from './setup/hand-over.mjs'

await handOver(new URL('../dist/bench/main.js', import.meta.url), process.argv.slice(2))
