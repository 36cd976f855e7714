import assert from 'node:assert/strict'
import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { DaemonProcess } from './daemon-process.js'

const RESTART_PAUSE_MS = 500

/** A place in a group of daemons: its data directory outlives the daemons that work in it. What is done to it takes turns. */
class Place {
  daemon: DaemonProcess | null = null
  /** A daemon works here, or will when what is being done to it is done. */
  occupied = false
  /** Daemons that gave up while they started, since there was no Kafka, and were started again. */
  restarts = 0
  #turn: Promise<unknown> = Promise.resolve()

  constructor(
    private readonly dataDir: string,
    private readonly config: object,
  ) {}

  /** As systemd or an orchestrator does it: what gives up is started again. */
  async start(): Promise<void> {
    const daemon = await DaemonProcess.start(this.dataDir, this.config)
    this.daemon = daemon
    daemon.listening.catch(async () => {
      if (daemon.endedByUs) return
      await pause(RESTART_PAUSE_MS)
      await this.alone(async () => {
        if (this.daemon !== daemon || daemon.endedByUs) return
        this.restarts++
        await this.start()
      })
    })
  }

  /** SIGTERM, and nobody comes after it. */
  async terminate(): Promise<void> {
    const daemon = this.daemon!
    this.daemon = null
    // Before that nobody listens for a signal; and what gives up has ended by itself.
    const ready = await daemon.listening.catch(() => null)
    if (ready === null) return
    const ending = await daemon.terminate()
    assert.deepEqual(ending, { code: 0, signal: null }, daemon.stderr)
  }

  alone(action: () => Promise<void>): Promise<void> {
    const result = this.#turn.then(action)
    this.#turn = result.catch(() => undefined)
    return result
  }
}

/** Daemons with the same configuration, each with a data directory of its own, and what can happen to them. */
export class DaemonGroup {
  private constructor(private readonly places: readonly Place[]) {}

  /** @param members that run from the start; the other places are empty */
  static async start(home: string, places: number, members: number, config: object): Promise<DaemonGroup> {
    const all = []
    for (let i = 0; i < places; i++) all.push(new Place(await mkdtemp(join(home, 'member-')), config))
    const group = new DaemonGroup(all)
    for (let i = 0; i < members; i++) {
      await group.join(i)
      await group.daemon(i).listening
    }
    return group
  }

  get members(): number[] {
    return this.places.flatMap(({ occupied }, i) => (occupied ? [i] : []))
  }

  get empty(): number[] {
    return this.places.flatMap(({ occupied }, i) => (occupied ? [] : [i]))
  }

  get restarts(): number {
    return this.places.reduce((sum, { restarts }) => sum + restarts, 0)
  }

  daemon(place: number): DaemonProcess {
    return this.places[place]!.daemon!
  }

  join(place: number): Promise<void> {
    this.places[place]!.occupied = true
    return this.#at(place, (at) => at.start())
  }

  /** SIGTERM, for good. */
  leave(place: number): Promise<void> {
    this.places[place]!.occupied = false
    return this.#with(place, (at) => at.terminate())
  }

  /** SIGTERM, and a start in the same directory. */
  restart(place: number): Promise<void> {
    return this.#with(place, async (at) => {
      await at.terminate()
      await at.start()
    })
  }

  /** `kill -9`, for good. */
  lose(place: number): Promise<void> {
    this.places[place]!.occupied = false
    return this.#with(place, async (at, daemon) => {
      at.daemon = null
      await daemon.kill()
    })
  }

  /** `kill -9`, and a start in the same directory. */
  kill(place: number): Promise<void> {
    return this.#with(place, async (at, daemon) => {
      await daemon.kill()
      await at.start()
    })
  }

  /** Neither dead nor alive for so long: what it owned has gone to others when it wakes up and goes on. */
  freeze(place: number, ms: number): Promise<void> {
    return this.#with(place, async (_, daemon) => {
      daemon.signal('SIGSTOP')
      await pause(ms)
      daemon.signal('SIGCONT')
    })
  }

  /** Fails when a daemon has ended that nobody has ended, once it was at work. */
  assertAlive(): void {
    for (const { daemon } of this.places) {
      if (daemon !== null && daemon.listened && !daemon.alive && !daemon.endedByUs) {
        assert.fail(`died: ${daemon.stderr}`)
      }
    }
  }

  /** SIGTERM for all. */
  async stop(): Promise<void> {
    await Promise.all(this.members.map((place) => this.leave(place)))
  }

  /** For the end of a test, whatever has become of it: leaves no process behind. */
  async end(): Promise<void> {
    await Promise.all(this.places.map((_, place) => this.#with(place, (__, daemon) => daemon.kill())))
  }

  #at(place: number, action: (at: Place) => Promise<void>): Promise<void> {
    const at = this.places[place]!
    return at.alone(() => action(at))
  }

  /** Nothing happens where the daemon has left meanwhile. */
  #with(place: number, action: (at: Place, daemon: DaemonProcess) => Promise<void>): Promise<void> {
    return this.#at(place, async (at) => {
      if (at.daemon !== null) await action(at, at.daemon)
    })
  }
}
