import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { Problem } from '../../src/ports/control/problems.js'
import { DaemonProcess } from '../support/daemon-process.js'
import { linesOf } from '../support/feeder.js'
import {
  daemonConfig,
  HOUSE,
  houseConfig,
  houseSettings,
  leftoversOf,
  withDataDirectory,
  withLogOf,
} from '../support/house.js'
import { household, lastOrigins, originsOf, type Row } from '../support/household.js'
import { assertExactlyOnce } from '../support/outputs.js'
import { pinNetwork } from '../support/pinned-network.js'
import { slowDisk, withoutSlowDisk } from '../support/slow-disk.js'
import { SmallDisk, withoutMounting } from '../support/small-disk.js'

const DISK_BYTES = 96 * 2 ** 20
/** How long a slow disk takes for whatever is to last. */
const SLOW_MS = 200
const skip = withoutMounting()

/** A daemon whose log is on a small disk of its own. */
async function withSmallDisk(use: (dataDir: string, disk: SmallDisk) => Promise<void>): Promise<void> {
  await withDataDirectory(async (dataDir) => {
    const disk = SmallDisk.create(join(dataDir, 'log'), DISK_BYTES)
    try {
      await use(dataDir, disk)
    } finally {
      await disk.end()
    }
  })
}

/** What whoever looks on is told. */
async function told(daemon: DaemonProcess) {
  const ready = await fetch(`${await daemon.listening}/readyz`)
  const alive = await fetch(`${await daemon.listening}/healthz`)
  const { problems } = await daemon.get<{ problems: Problem[] }>('/api/v1/problems')
  const metrics = await daemon.text('/metrics')
  return {
    ready: ready.status,
    why: await ready.text(),
    alive: alive.status,
    critical: problems.filter(({ severity }) => severity === 'critical').map(({ what }) => what),
    trouble: /^tidecast_broker_trouble\{.*\} (\d)$/m.exec(metrics)?.[1],
  }
}

async function until(condition: () => Promise<boolean>, what: () => Promise<string>): Promise<void> {
  const deadline = Date.now() + 60_000
  while (!(await condition())) {
    if (Date.now() > deadline) assert.fail(await what())
    await pause(50)
  }
}

/** Sends rows until the daemon refuses some. @returns how many it has taken */
async function feedUntilRefused(daemon: DaemonProcess, rows: readonly Row[]): Promise<number> {
  const size = 2000
  for (let fed = 0; fed < rows.length; fed += size) {
    const lines = linesOf(rows.slice(fed, fed + size))
    const { status, body } = await daemon.post(`/api/v1/topics/${HOUSE}/records`, lines)
    if (status === 200 || status === 202) continue
    assert.ok([503, 507].includes(status), JSON.stringify(body))
    return fed
  }
  return rows.length
}

async function feed(daemon: DaemonProcess, rows: readonly Row[]): Promise<void> {
  assert.equal(await feedUntilRefused(daemon, rows), rows.length)
}

test(
  'a full disk stops the stream and says why, also to who starts on it; with room it goes on by itself',
  { skip },
  async () => {
    const rows = household(20_000)
    const config = houseConfig()
    await withSmallDisk(async (dataDir, disk) => {
      const start = (): Promise<DaemonProcess> => DaemonProcess.start(dataDir, daemonConfig(houseSettings()))
      await withLogOf(dataDir, ({ models }) => pinNetwork(models, config, [...originsOf(rows).keys()]))
      let daemon = await start()
      try {
        await feed(daemon, rows.slice(0, 4000))
        await daemon.untilForecast(HOUSE, lastOrigins(originsOf(rows.slice(0, 4000))))
        await daemon.post(`/api/v1/pipelines/${HOUSE}/pause`)
        await feed(daemon, rows.slice(4000, 14_000))
        disk.fill()
        const taken = 14_000 + (await feedUntilRefused(daemon, rows.slice(14_000)))
        assert.ok(taken < rows.length, 'a full disk takes no more')
        await daemon.post(`/api/v1/pipelines/${HOUSE}/resume`)
        const full = async (): Promise<boolean> => {
          const { why, trouble } = await told(daemon)
          return /disk.*full/.test(why) && trouble === '1'
        }
        await until(full, async () => JSON.stringify(await told(daemon)))
        const { why, ...rest } = await told(daemon)
        assert.match(why, /full.*[Ff]ree some space/)
        assert.deepEqual(
          { ...rest, critical: rest.critical.length },
          { ready: 503, alive: 200, critical: 1, trouble: '1' },
        )
        assert.match(rest.critical[0]!, /full/)
        const known = await fetch(
          `${await daemon.listening}/api/v1/pipelines/${HOUSE}/series/${rows[0]!.series}/forecast`,
        )
        assert.equal(known.status, 200, 'what has been forecast is there to be asked for')
        await daemon.kill()
        daemon = await start()
        await until(full, async () => JSON.stringify(await told(daemon)))
        disk.makeRoom()
        await daemon.untilForecast(HOUSE, lastOrigins(originsOf(rows.slice(0, taken))))
        assert.equal((await told(daemon)).ready, 200)
        await feed(daemon, rows.slice(taken))
        await daemon.untilForecast(HOUSE, lastOrigins(originsOf(rows)))
        assert.equal((await daemon.terminate()).code, 0)
      } finally {
        await daemon.kill()
      }
      assertExactlyOnce((await leftoversOf(dataDir, config)).outputs, originsOf(rows))
    })
  },
)

test('where there is no room for a log when it starts, a daemon waits for it', { skip }, async () => {
  await withSmallDisk(async (dataDir, disk) => {
    disk.fill()
    const daemon = await DaemonProcess.start(dataDir, daemonConfig(houseSettings()))
    try {
      const url = await new Promise<string>((resolve) => {
        daemon.onLine((line) => {
          if (line.includes('HTTP answers')) resolve((JSON.parse(line) as { url: string }).url)
        })
        void daemon.ended.then(() => resolve('http://it-has-ended'))
      })
      const why = async (): Promise<string> => (await fetch(`${url}/readyz`)).text()
      await until(async () => /waiting for .*disk.*full/.test(await why()), why)
      disk.makeRoom()
      await daemon.until(HOUSE, ({ phase }) => phase === 'running')
      assert.equal((await daemon.terminate()).code, 0)
    } finally {
      await daemon.kill()
    }
  })
})

test(
  'a disk that fails: alive, not ready and saying why, and stopped as ever; mounted again, nothing is lost or doubled',
  { skip },
  async () => {
    const rows = household(6000)
    const config = houseConfig()
    await withSmallDisk(async (dataDir, disk) => {
      await withLogOf(dataDir, ({ models }) => pinNetwork(models, config, [...originsOf(rows).keys()]))
      let daemon = await DaemonProcess.start(dataDir, daemonConfig(houseSettings()))
      try {
        await feed(daemon, rows.slice(0, 3000))
        // Whatever is under way then is either stored whole or not at all.
        disk.fail()
        const taken = 3000 + (await feedUntilRefused(daemon, rows.slice(3000)))
        assert.equal(taken, 3000)
        const failing = async (): Promise<boolean> => (await told(daemon)).trouble === '1'
        await until(failing, async () => JSON.stringify(await told(daemon)))
        const { why, ready, alive, critical } = await told(daemon)
        assert.match(why, /disk/)
        assert.deepEqual({ ready, alive, critical: critical.length }, { ready: 503, alive: 200, critical: 1 })
        assert.equal((await daemon.terminate()).signal, null, 'it ends by itself')
        await disk.unmount()
        disk.repair()
        disk.mount('ro')
        daemon = await DaemonProcess.start(dataDir, daemonConfig(houseSettings()))
        assert.equal((await daemon.ended).code, 1)
        assert.match(daemon.stderr, /[Rr]ead-only file system/)
        await disk.unmount()
        disk.mount()
        daemon = await DaemonProcess.start(dataDir, daemonConfig(houseSettings()))
        await daemon.listening
        await feed(daemon, rows.slice(3000))
        await daemon.untilForecast(HOUSE, lastOrigins(originsOf(rows)))
        assert.equal((await daemon.terminate()).code, 0)
      } finally {
        await daemon.kill()
      }
      assertExactlyOnce((await leftoversOf(dataDir, config)).outputs, originsOf(rows))
    })
  },
)

test(
  'a slow disk only makes it slow: it stays ready, answers, and publishes each forecast once',
  { skip: withoutSlowDisk },
  async () => {
    const rows = household(1600)
    const config = houseConfig()
    await withDataDirectory(async (dataDir) => {
      const env = slowDisk(dataDir, SLOW_MS)
      const daemon = await DaemonProcess.start(dataDir, daemonConfig(houseSettings()), 0, env)
      try {
        await feed(daemon, rows)
        await daemon.until(HOUSE, ({ lag }) => lag > 0)
        const { ready, alive, critical } = await told(daemon)
        assert.deepEqual({ ready, alive, critical }, { ready: 200, alive: 200, critical: [] })
        await daemon.untilForecast(HOUSE, lastOrigins(originsOf(rows)))
        const metrics = await daemon.text('/metrics')
        const figure = (name: string): number =>
          Number(new RegExp(`^tidecast_batch_duration_seconds_${name}\\{.*\\} (.*)$`, 'm').exec(metrics)?.[1])
        assert.ok(figure('sum') / figure('count') >= SLOW_MS / 1000, 'the time of batches says so')
        assert.equal((await daemon.terminate()).code, 0)
      } finally {
        await daemon.kill()
      }
      assertExactlyOnce((await leftoversOf(dataDir, config)).outputs, originsOf(rows))
    })
  },
)
