import assert from 'node:assert/strict'
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { DaemonProcess } from '../../support/daemon-process.js'
import { withDataDirectory } from '../../support/house.js'

/** A volume as Kubernetes mounts a ConfigMap: file → ..data/file, ..data → ..<time>, which is swapped whole. */
class ConfigMapVolume {
  private version = 0

  constructor(private readonly dir: string) {}

  get file(): string {
    return join(this.dir, 'tidecast.json5')
  }

  async mount(config: object): Promise<void> {
    await mkdir(this.dir, { recursive: true })
    await this.update(config)
    await symlink('..data/tidecast.json5', this.file)
  }

  async update(config: object): Promise<void> {
    const before = this.version++
    const folder = `..2026_11_23_${String(this.version)}`
    await mkdir(join(this.dir, folder))
    await writeFile(join(this.dir, folder, 'tidecast.json5'), JSON.stringify(config))
    await symlink(folder, join(this.dir, '..data_tmp'))
    await rename(join(this.dir, '..data_tmp'), join(this.dir, '..data'))
    if (before > 0) await rm(join(this.dir, `..2026_11_23_${String(before)}`), { recursive: true })
  }
}

const configured = (levels: object, horizon: unknown): object => ({
  log: { level: 'info', levels, format: 'json' },
  config: { watch: true },
  engine: { backend: 'cpu' },
  pipelines: { p: { interval: '1h', season: 'none', horizon, training: { enabled: false } } },
})

test("Kubernetes' swap of a mounted ConfigMap is taken up by itself, a bad one is not; levels of components live", async () => {
  await withDataDirectory(async (dataDir) => {
    const volume = new ConfigMapVolume(join(dataDir, 'etc'))
    await volume.mount(configured({}, 24))
    const daemon = DaemonProcess.on(volume.file, dataDir)
    try {
      await daemon.listening
      const told = (pattern: RegExp): Promise<void> =>
        new Promise((resolve) => {
          daemon.onLine((line) => {
            if (pattern.test(line)) resolve()
          })
        })
      assert.doesNotMatch(daemon.stderr, /request answered/)

      const applied = told(/configuration reloaded"/)
      await volume.update(configured({ http: 'debug' }, 12))
      await applied
      assert.equal((await daemon.status('p')).form.horizon, 12)
      const line = told(/"component":"http",.*request answered/)
      await daemon.get('/healthz')
      await line

      const refused = told(/reload refused, the configuration has problems/)
      await volume.update(configured({ http: 'loud' }, 6))
      await refused
      assert.equal((await daemon.status('p')).form.horizon, 12)
      assert.match(await daemon.text('/metrics'), /^tidecast_config_drift 1$/m)

      const again = told(/configuration reloaded"/)
      await volume.update(configured({ http: 'warn' }, 6))
      await again
      assert.equal((await daemon.status('p')).form.horizon, 6)
      assert.match(await daemon.text('/metrics'), /^tidecast_config_drift 0$/m)
    } finally {
      await daemon.kill()
    }
  })
})
