import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { freePort } from '../free-port.mjs'
import { sha256OfFile } from '../setup/hash.mjs'
import { cacheFolder } from '../setup/paths.mjs'
import { run, which } from '../setup/run.mjs'

/** Apicurio Registry (Apache-2.0), with Confluent's interface under /apis/ccompat/v7. */
const VERSION = '2.6.13.Final'
const NAME = `apicurio-registry-app-${VERSION}`
const SHA256 = '3cda1b34aa020fb4ac4dd6a66018d757e81e437f97e20a1f92d366b70091c6ba'
const STARTS_WITHIN_MS = 90_000

function folder() {
  return join(cacheFolder(process.env), `apicurio-registry-${VERSION}`)
}

/** What a schema registry lacks to run here, in words; null when nothing does. */
export function missingForRegistry() {
  if (which('java') === null) return 'java (version 17 or later) on PATH'
  if (!existsSync(folder()) && which('mvn') === null)
    return 'mvn (Maven) on PATH, to get the schema registry once'
  return null
}

/** Folder of the registry, kept in the per-user cache; got through Maven, and checked, when it is not there. */
async function registryFolder() {
  const missing = missingForRegistry()
  if (missing !== null) throw new Error(`the schema registry needs ${missing}`)
  const home = folder()
  if (existsSync(home)) return home
  await mkdir(cacheFolder(process.env), { recursive: true })
  const work = await mkdtemp(`${home}-`)
  try {
    // A project of its own, so that Maven does not look for one around the working directory.
    const project =
      '<project><modelVersion>4.0.0</modelVersion><groupId>t</groupId><artifactId>t</artifactId><version>1</version></project>'
    await writeFile(join(work, 'pom.xml'), project)
    await expectOk(
      run(
        'mvn',
        [
          ...['-q', '-B', 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy'],
          ...[`-Dartifact=io.apicurio:apicurio-registry-app:${VERSION}:tar.gz:all`, '-DoutputDirectory=.'],
        ],
        { cwd: work, timeoutMs: 5 * 60_000 },
      ),
    )
    const archive = join(work, `${NAME}-all.tar.gz`)
    if ((await sha256OfFile(archive)) !== SHA256)
      throw new Error('the schema registry is not the one expected')
    await mkdir(join(work, 'unpacked'))
    await expectOk(run('tar', ['-xzf', archive, '-C', join(work, 'unpacked')], { timeoutMs: 60_000 }))
    // Another process may have been faster; its folder is as good.
    await rename(join(work, 'unpacked'), home).catch((error) => {
      if (!existsSync(home)) throw error
    })
  } finally {
    await rm(work, { recursive: true, force: true })
  }
  return home
}

async function expectOk(outcome) {
  const { ok, reason } = await outcome
  if (!ok) throw new Error(`the schema registry could not be got: ${reason}`)
}

/**
 * A real schema registry on loopback, in memory. It ends with this process.
 * @returns {Promise<{url: string, port: number, stop(): Promise<void>}>} it answers
 */
export async function startRegistry({ port } = {}) {
  const home = await registryFolder()
  const chosen = port ?? (await freePort())
  const child = spawn(
    'java',
    [
      '-Xmx256m',
      `-Dquarkus.http.port=${chosen}`,
      '-Dquarkus.http.host=127.0.0.1',
      '-jar',
      `${NAME}-runner.jar`,
    ],
    { cwd: home, stdio: 'ignore' },
  )
  const ended = once(child, 'exit')
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  const stop = async () => {
    process.removeListener('exit', kill)
    child.kill('SIGKILL')
    await ended
  }
  const url = `http://127.0.0.1:${chosen}/apis/ccompat/v7`
  const deadline = Date.now() + STARTS_WITHIN_MS
  for (;;) {
    const answers = await fetch(`${url}/subjects`, { signal: AbortSignal.timeout(2000) }).then(
      (answer) => answer.ok,
      () => false,
    )
    if (answers) return { url, port: chosen, stop }
    if (child.exitCode !== null || Date.now() > deadline) {
      await stop()
      throw new Error('the schema registry did not start')
    }
    await pause(100)
  }
}
