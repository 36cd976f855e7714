/** Writes what `stored-data.ts` describes, in the formats of now, into the gzipped file named on the command line. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { gzipSync } from 'node:zlib'
import { Environment } from '../../src/adapters/embedded/environment.js'
import { withDataDirectory, withLogOf } from './house.js'
import { logIn, writeStoredData } from './stored-data.js'

const [, , file = ''] = process.argv
await withDataDirectory(async (dataDir) => {
  await withLogOf(dataDir, writeStoredData)
  const environment = await Environment.open({ dir: logIn(dataDir), mapSizeBytes: 2 ** 34, readOnly: true })
  await environment.copyTo(dataDir)
  await environment.close()
  await writeFile(file, gzipSync(await readFile(join(dataDir, 'data.mdb')), { level: 9 }))
})
