import type { Line } from './chart-model.js'

/** CSS pixels of a dash and of the room after it; whatever is not here is drawn through. */
export const DASHES: Partial<Record<Line['shape'], number[]>> = { dashed: [7, 5], dotted: [2, 4] }
