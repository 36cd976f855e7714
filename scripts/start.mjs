import { handOver } from './setup/hand-over.mjs'

// The first five minutes: set up what is missing, then run the demonstration in the foreground.
await handOver(new URL('../bin/tidecast.js', import.meta.url), ['run', '--demo', ...process.argv.slice(2)])
