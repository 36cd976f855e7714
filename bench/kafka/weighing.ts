import type { Weight } from './daemon.js'

/**
 * Loaded into the daemon before its own program (`node --expose-gc --import`). Asked by its parent, it collects all
 * garbage and says what is left: what is in use, whenever the next collection would have come by itself.
 */
process.on('message', () => {
  // What the first one finalizes, as buffers outside the heap, goes with the second.
  gc?.()
  gc?.()
  const { heapUsed, external } = process.memoryUsage()
  process.send?.({ heldBytes: heapUsed + external } satisfies Weight)
})
process.channel?.unref()
