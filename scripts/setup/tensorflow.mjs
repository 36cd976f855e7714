import { mkdirSync, mkdtempSync, readdirSync, rmSync, statfsSync, statSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { moveFolder, readJson, writeAtomically } from './atomic.mjs'
import { filesUnder, sha256OfFile } from './hash.mjs'
import { run, which } from './run.mjs'
import { tensorflowVersion, variants } from './wheels.mjs'

const unpackProgram = join(dirname(fileURLToPath(import.meta.url)), 'unpack.py')

export function tensorflowFolder(cache, variant) {
  return join(cache, `tensorflow-${tensorflowVersion}-${variant}`)
}

/**
 * True when the unpacked libraries are what was unpacked. Sizes and times decide, since this runs at every start; where
 * a copy of the cache (an image layer, say) has other times, checksums do, once. The manifest is written last and the
 * folder moved into place whole, so a broken download is never mistaken for a finished one.
 */
export async function tensorflowIntact(folder) {
  const manifest = readJson(join(folder, 'manifest.json'))
  if (manifest === null) return false
  let moved = false
  for (const [name, expected] of Object.entries(manifest.files)) {
    const found = statSync(join(folder, name), { throwIfNoEntry: false })
    if (found?.size !== expected.size) return false
    if (found.mtimeMs === expected.mtimeMs) continue
    if ((await sha256OfFile(join(folder, name))) !== expected.sha256) return false
    expected.mtimeMs = found.mtimeMs
    moved = true
  }
  if (moved) writeAtomically(join(folder, 'manifest.json'), JSON.stringify(manifest, null, 2))
  return true
}

/** Downloads, checks and unpacks TensorFlow into the cache. Throws with the reason, and what to install. */
export async function provideTensorflow({ cache, variant, force, report }) {
  const folder = tensorflowFolder(cache, variant)
  if (!force && (await tensorflowIntact(folder))) {
    report.done('tensorflow', `${tensorflowVersion} (${variant}) is in ${folder}`)
    return folder
  }
  const pip = await findPip()
  const python = which('python3') ?? which('python')
  if (pip === null || python === null) {
    throw new Error(
      'python3 with pip is needed to download TensorFlow (Debian, Ubuntu: apt-get install python3 python3-pip)',
    )
  }
  mkdirSync(cache, { recursive: true })
  requireSpace(cache, variants[variant].diskBytes)

  const started = performance.now()
  const temporary = mkdtempSync(join(cache, 'unpacking-'))
  try {
    for (const wheel of variants[variant].wheels) await unpackWheel({ wheel, pip, python, temporary, report })
    linkLibraries(join(temporary, 'tensorflow'))
    await writeManifest(temporary)
    rmSync(folder, { recursive: true, force: true })
    moveFolder(temporary, folder)
  } finally {
    rmSync(temporary, { recursive: true, force: true })
  }
  report.done('tensorflow', `${tensorflowVersion} (${variant}) unpacked into ${folder}`, started)
  return folder
}

async function unpackWheel({ wheel, pip, python, temporary, report }) {
  const downloads = join(temporary, 'download')
  report.line('tensorflow', `downloading ${wheel.name} ${wheel.version} …`)
  const downloaded = await run(
    pip[0],
    [
      ...pip.slice(1),
      'download',
      '--no-deps',
      '--no-cache-dir',
      '--only-binary=:all:',
      '--python-version=3.12',
      `--platform=${wheel.platform}`,
      `--dest=${downloads}`,
      `${wheel.name}==${wheel.version}`,
    ],
    { show: true, timeoutMs: 30 * 60_000 },
  )
  if (!downloaded.ok) throw new Error(`${wheel.name} could not be downloaded: ${downloaded.reason}`)
  const file = join(downloads, readdirSync(downloads)[0])
  const found = await sha256OfFile(file)
  if (found !== wheel.sha256)
    throw new Error(`${wheel.name} has sha256 ${found} instead of ${wheel.sha256}: not used`)
  report.line('tensorflow', `checksum of ${wheel.name} is right; unpacking …`)
  const unpacked = await run(python, [unpackProgram, file, temporary, ...wheel.take], {
    timeoutMs: 10 * 60_000,
  })
  if (!unpacked.ok) throw new Error(`${wheel.name} could not be unpacked: ${unpacked.reason}`)
  rmSync(downloads, { recursive: true })
}

/** The wheel carries the libraries under their run-time names only; the linker looks for these. */
function linkLibraries(folder) {
  symlinkSync('libtensorflow_cc.so.2', join(folder, 'libtensorflow.so'))
  symlinkSync('libtensorflow_framework.so.2', join(folder, 'libtensorflow_framework.so'))
}

async function writeManifest(folder) {
  const files = {}
  for (const name of filesUnder(folder, (file) => /\.so(\.|$)/.test(file))) {
    const { size, mtimeMs } = statSync(join(folder, name))
    files[name] = { size, mtimeMs, sha256: await sha256OfFile(join(folder, name)) }
  }
  writeAtomically(
    join(folder, 'manifest.json'),
    JSON.stringify({ version: tensorflowVersion, files }, null, 2),
  )
}

function requireSpace(folder, bytes) {
  const { bavail, bsize } = statfsSync(folder)
  if (bavail * bsize >= bytes) return
  const gigabytes = (n) => (n / 1e9).toFixed(1)
  throw new Error(
    `${folder} has ${gigabytes(bavail * bsize)} GB free and ${gigabytes(bytes)} GB are needed (TIDECAST_CACHE names another place)`,
  )
}

async function findPip() {
  for (const command of [['python3', '-m', 'pip'], ['pip3'], ['pip'], ['python', '-m', 'pip']]) {
    if (which(command[0]) === null) continue
    const answer = await run(command[0], [...command.slice(1), '--version'], { timeoutMs: 60_000 })
    if (answer.ok) return command
  }
  return null
}

/** What decides whether a download can work: set-up tries again when it changes. */
export function downloadTools() {
  return ['python3', 'python', 'pip3', 'pip'].map((name) => `${name}=${which(name) ?? ''}`)
}
