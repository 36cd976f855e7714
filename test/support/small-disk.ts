import { execFileSync, spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, truncateSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

const CHUNK = 1 << 20

/** A disk of its own, ext4 in a file: it can really be full, or really fail. Linux, and only for who may mount. */
export class SmallDisk {
  private constructor(
    private readonly image: string,
    /** Where it is mounted. */
    readonly dir: string,
  ) {}

  /** @param dir is made */
  static create(dir: string, bytes: number): SmallDisk {
    const image = join(mkdtempSync(join(tmpdir(), 'tidecast-disk-')), 'image')
    closeSync(openSync(image, 'w'))
    truncateSync(image, bytes)
    run('mkfs.ext4', '-q', '-E', 'lazy_itable_init=0,lazy_journal_init=0', image)
    mkdirSync(dir, { recursive: true })
    const disk = new SmallDisk(image, dir)
    disk.mount()
    return disk
  }

  /** @param options as `mount -o` takes them */
  mount(options = 'rw'): void {
    run('mount', '-o', `loop,${options}`, this.image, this.dir)
  }

  /** As soon as nobody has a file open on it any more. */
  async unmount(): Promise<void> {
    for (let left = 100; ; left--) {
      try {
        run('umount', this.dir)
        return
      } catch (error) {
        if (left === 0) throw error
        await pause(100)
      }
    }
  }

  /** Leaves no room at all. */
  fill(): void {
    const file = openSync(join(this.dir, 'filler'), 'w')
    try {
      for (let size = CHUNK; size >= 1; size >>= 1) {
        try {
          for (;;) writeSync(file, Buffer.alloc(size, 1))
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
        }
      }
    } finally {
      closeSync(file)
    }
  }

  makeRoom(): void {
    rmSync(join(this.dir, 'filler'))
  }

  /** What ext4 does of itself after a failure of the device: nothing can be written any more, whoever has it open. */
  fail(): void {
    run('mount', '-o', 'remount,abort', this.dir)
  }

  /** Not while it is mounted. */
  repair(): void {
    const { status } = spawnSync('e2fsck', ['-fy', this.image], { stdio: 'pipe' })
    if (status !== 0 && status !== 1) throw new Error(`e2fsck: ${status}`) // 1: it has mended something
  }

  /** For the end of a test, whatever has become of it. */
  async end(): Promise<void> {
    await this.unmount().catch(() => undefined)
    rmSync(dirname(this.image), { recursive: true, force: true })
  }
}

function run(command: string, ...options: string[]): void {
  execFileSync(command, options, { stdio: 'pipe' })
}

/** For a test's `skip`: an empty disk can be mounted here, or why not. */
export function withoutMounting(): false | string {
  if (process.platform !== 'linux') return 'makes a disk as Linux can'
  try {
    const dir = mkdtempSync(join(tmpdir(), 'tidecast-mount-'))
    run('mount', '-t', 'tmpfs', 'none', dir)
    run('umount', dir)
    rmSync(dir, { recursive: true })
    run('losetup', '-f')
    return false
  } catch {
    return 'NOT RUN: this user may not mount a disk here; run it as root'
  }
}
