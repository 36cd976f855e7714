import util from 'node:util'

/** Node 23 removed these two, and tfjs-node calls them. To be defined before it is loaded. */
export function defineRemovedUtilities(): void {
  const target = util as unknown as Record<string, unknown>
  target['isNullOrUndefined'] ??= (value: unknown) => value === null || value === undefined
  target['isArray'] ??= Array.isArray
}
