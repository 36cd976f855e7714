import assert from 'node:assert/strict'
import { DaemonProcess } from './daemon-process.js'

/** One daemon after the other over the same data: the next one starts when the one before has been ended. */
export class DaemonSuccession {
  /** The daemon in office; pending while the one before is dying. */
  current: Promise<DaemonProcess>

  constructor(
    private readonly dataDir: string,
    private readonly config: object,
  ) {
    this.current = DaemonProcess.start(dataDir, config)
  }

  /** `kill -9`, at once. */
  kill(): Promise<DaemonProcess> {
    return this.#replace((daemon) => daemon.kill())
  }

  /** `kill -9`; `look` has what it left, before the next one starts. */
  killAnd(look: () => Promise<void>): Promise<DaemonProcess> {
    return this.#replace(async (daemon) => {
      await daemon.kill()
      await look()
    })
  }

  /** SIGTERM, and a restart as after an upgrade. */
  restart(): Promise<DaemonProcess> {
    return this.#replace(terminated)
  }

  /** SIGTERM, for good. */
  async stop(): Promise<void> {
    await terminated(await this.current)
  }

  /** For the end of a test, whatever has become of it: leaves no process behind. */
  async end(): Promise<void> {
    await (await this.current).kill()
  }

  // Assigned before anything ends, so that whoever sees the old one gone already finds the new one.
  #replace(end: (daemon: DaemonProcess) => Promise<void>): Promise<DaemonProcess> {
    const before = this.current
    this.current = before.then(async (daemon) => {
      await end(daemon)
      return DaemonProcess.start(this.dataDir, this.config)
    })
    return this.current
  }
}

async function terminated(daemon: DaemonProcess): Promise<void> {
  const ending = await daemon.terminate()
  assert.deepEqual(ending, { code: 0, signal: null }, daemon.stderr)
}
