import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..')
export const modules = join(root, 'node_modules')

/** What was decided about native code, read by `tidecast doctor` and by the next set-up. */
export const nativeRecord = join(modules, '.tidecast-native.json')

/** Where the thread module is loaded from (src/adapters/tensorflow/native.ts). */
export const threadModule = join(root, 'native', 'build', 'tidecast.node')

/** Outside the checkout, so that a second checkout or a fresh clone costs nothing. */
export function cacheFolder(env) {
  if (env.TIDECAST_CACHE) return resolve(env.TIDECAST_CACHE)
  if (env.XDG_CACHE_HOME) return join(resolve(env.XDG_CACHE_HOME), 'tidecast')
  return join(homedir(), '.cache', 'tidecast')
}

/** Folder of an npm package's tfjs binding, as node-pre-gyp looks for it. */
export function bindingPath(packageName) {
  return join(modules, '@tensorflow', packageName, 'lib', 'napi-v8', 'tfjs_binding.node')
}
