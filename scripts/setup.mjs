import { parseArgs } from 'node:util'
import { setup } from './setup/index.mjs'

const help = `Usage: node scripts/setup.mjs [options]

Installs packages, provides TensorFlow and compiles the sources. What is done already is skipped.

  --cuda       use the CUDA build of TensorFlow (default: where nvidia-smi answers; TIDECAST_CUDA=1)
  --no-cuda    never use it (TIDECAST_CUDA=0)
  --no-native  no native code: the portable backend, for trying things out
  --force      do every step again
  --help

TensorFlow is kept in TIDECAST_CACHE, else XDG_CACHE_HOME/tidecast, else ~/.cache/tidecast.
`

function options() {
  const { values } = parseArgs({
    options: {
      cuda: { type: 'boolean' },
      native: { type: 'boolean' },
      force: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
    allowNegative: true,
  })
  return values
}

try {
  const { help: wanted, cuda, native, force } = options()
  if (wanted) process.stdout.write(help)
  else await setup({ ...(cuda === undefined ? {} : { cuda }), native: native ?? true, force })
} catch (error) {
  process.stderr.write(`set-up failed: ${error.message}\n`)
  process.exitCode = 1
}
