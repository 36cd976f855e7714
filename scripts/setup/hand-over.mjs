import { fileURLToPath } from 'node:url'
import { setup } from './index.mjs'

/**
 * Sets up, then becomes the program: in this very process, so that Ctrl-C and other signals reach its own handlers and
 * its exit code is ours.
 */
export async function handOver(program, args) {
  try {
    await setup()
  } catch (error) {
    process.stderr.write(`set-up failed: ${error.message}\n`)
    process.exitCode = 1
    return
  }
  process.argv = [process.execPath, fileURLToPath(program), ...args]
  await import(program.href)
}
