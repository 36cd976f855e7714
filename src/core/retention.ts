interface Version {
  readonly version: number
  readonly parent: number | null
}

/**
 * Versions that may be removed: all but the newest ones, and those that somebody may want back: the champion, what it
 * was trained from and that in turn, and the champion before it.
 * @param models oldest first
 * @param former former champions, the latest last
 * @param keep newest versions that stay in any case, at least 1
 */
export function prunable(
  models: readonly Version[],
  champion: number | null,
  former: readonly (number | null)[],
  keep: number,
): number[] {
  const parents = new Map(models.map(({ version, parent }) => [version, parent]))
  const kept = new Set(models.slice(-Math.max(1, keep)).map(({ version }) => version))
  kept.add(former.findLast((version) => version !== null) ?? 0)
  for (let version = champion; version !== null && parents.has(version);) {
    kept.add(version)
    version = parents.get(version) ?? null
  }
  return models.map(({ version }) => version).filter((version) => !kept.has(version))
}
