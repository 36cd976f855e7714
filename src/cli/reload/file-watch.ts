import { statSync } from 'node:fs'

/**
 * Notices that files have changed, whatever the way: written in place, replaced, or behind a link that leads elsewhere now,
 * which is how Kubernetes swaps them. It looks, since a watch on a file loses it when it is replaced, and some file systems
 * tell nothing. What is still being written is let be: a change is told once it looks the same twice.
 */
export class FileWatch {
  private told: string
  private seen: string

  constructor(private readonly files: () => readonly string[]) {
    this.told = this.seen = this.stamp()
  }

  /** Called about once a second: whether the files have come to rest at something new since it was last told. */
  changed(): boolean {
    const now = this.stamp()
    const resting = now === this.seen
    this.seen = now
    if (!resting || now === this.told) return false
    this.told = now
    return true
  }

  private stamp(): string {
    return this.files().map(stampOf).join('\n')
  }
}

function stampOf(file: string): string {
  const stat = statSync(file, { bigint: true, throwIfNoEntry: false })
  return stat === undefined ? `${file} -` : `${file} ${stat.dev} ${stat.ino} ${stat.size} ${stat.mtimeNs}`
}
