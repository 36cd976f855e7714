import { build } from './build.mjs'
import { provideNative } from './native.mjs'
import { installPackages } from './packages.mjs'
import { buildPage } from './page.mjs'
import { Report } from './report.mjs'

/**
 * Makes the checkout runnable: packages, TensorFlow, compiled TypeScript, the page. What is done already is skipped in
 * milliseconds, so every start may call it. Throws only where nothing could run without the step.
 * @param {{cuda?: boolean, native?: boolean, force?: boolean}} options `cuda` undefined: where nvidia-smi answers
 */
export async function setup({ cuda = cudaFromEnvironment(), native = true, force = false } = {}) {
  const report = new Report()
  report.title('Tidecast set-up')
  const lock = await installPackages({ force, report })
  const record = await provideNative({ lock, cuda, native, force, report })
  await build({ lock, force, report })
  await buildPage({ lock, force, report })
  report.end()
  return record
}

function cudaFromEnvironment() {
  const value = process.env.TIDECAST_CUDA
  return value === undefined || value === '' ? undefined : value === '1'
}
