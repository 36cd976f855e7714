import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gigabytes, ok, reasonOf, warn } from './check.js'
import type { Check } from './check.js'

/** What set-up writes (scripts/setup/native.mjs). */
interface NativeRecord {
  readonly kind: 'compiled' | 'prebuilt' | 'portable'
  readonly cache: string | null
  readonly reasons: readonly string[]
}

interface Manifest {
  readonly files: Readonly<Record<string, { readonly size: number; readonly sha256: string }>>
}

const recordFile = fileURLToPath(new URL('../../../../node_modules/.tidecast-native.json', import.meta.url))
const name = 'native code'

/** Compares the unpacked libraries with the checksums taken when they came out of the verified download. */
export async function nativeCacheCheck(file = recordFile): Promise<Check> {
  const again = 'run "npm run setup -- --force"'
  let record: NativeRecord
  try {
    record = JSON.parse(await readFile(file, 'utf8')) as NativeRecord
  } catch {
    return warn(name, 'set-up has not been run here', 'run "npm run setup"')
  }
  if (record.kind === 'portable') return warn(name, `none: ${record.reasons.join('; ')}`, again)
  if (record.cache === null) return ok(name, 'prebuilt binding')
  try {
    const manifest = JSON.parse(await readFile(join(record.cache, 'manifest.json'), 'utf8')) as Manifest
    const files = Object.entries(manifest.files)
    for (const [path, { sha256 }] of files) {
      if ((await sha256Of(join(record.cache, path))) === sha256) continue
      return warn(name, `${path} in ${record.cache} is not what was unpacked there`, again)
    }
    const bytes = files.reduce((sum, [, { size }]) => sum + size, 0)
    return ok(name, `${record.cache}, ${gigabytes(bytes)}, checksums right`)
  } catch (error) {
    return warn(name, `${record.cache} cannot be read: ${reasonOf(error)}`, again)
  }
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer)
  return hash.digest('hex')
}
