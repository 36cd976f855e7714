import { covariateInputs } from './covariates.js'
import { F64, F64_WIDTH, modulo } from './layout.js'
import type { StepTrace } from './observe.js'
import type { SeriesTable } from './series-table.js'
import { HOLIDAY_FEATURES, INPUTS, seasonalWidth, showsHolidays, type TargetIndex } from './target-index.js'

const DAY = 86_400_000
const INPUT_LIMIT = 6
const FEATURE_LIMIT = 8

function clamp(value: number, limit: number): number {
  return value > limit ? limit : value < -limit ? -limit : value
}

/**
 * Inputs of the step that `observe` has just taken, into out[at … at + stepWidth).
 * @param ts time stamp of the step: of the observation, or of the grid step that is missing
 * @param trace what `observe` found before it changed the profiles
 */
export function stepInputs(
  table: SeriesTable,
  slot: number,
  index: number,
  ts: number,
  observed: boolean,
  trace: StepTrace,
  out: Float32Array,
  at: number,
): void {
  inputsAt(table, slot, index, ts, observed, trace.p7Before, out, at)
}

/**
 * Inputs as of a step that lies back in the ring, in the scale of now: for rebuilding a hidden state under new weights.
 * Whether that step was observed is no longer known; its filled-in value stands for it.
 */
export function pastInputs(
  table: SeriesTable,
  slot: number,
  index: number,
  ts: number,
  out: Float32Array,
  at: number,
): void {
  const p7 = table.f32[slot * table.layout.width + table.layout.p7 + modulo(index, table.layout.long)]!
  inputsAt(table, slot, index, ts, true, p7, out, at)
}

function inputsAt(
  table: SeriesTable,
  slot: number,
  index: number,
  ts: number,
  observed: boolean,
  p7: number,
  out: Float32Array,
  at: number,
): void {
  const { layout, f32 } = table
  const { short: m, long: W, ringSize: R, calendar } = layout
  const row = slot * layout.width
  const position = modulo(index, R)
  const back = (steps: number): number => {
    const p = position - steps
    return f32[row + (p < 0 ? p + R : p)]!
  }
  const inverse = 1 / table.scale(slot)
  const x = f32[row + position]!
  out[at + 1] = observed ? 1 : 0
  const local = calendar.local(ts)
  const day = Math.floor(local / DAY)
  const weekday = modulo(day + 3, 7) // 1970-01-01 was a Thursday; Monday is 0
  const { interval } = layout.shape
  if (layout.kind === 'walk') {
    const fast = table.f64[slot * F64_WIDTH + F64.spread]!
    const slow = table.f64[slot * F64_WIDTH + F64.slowSpread]!
    out[at] = clamp((x - back(1)) * inverse, INPUT_LIMIT)
    out[at + 2] = clamp(Math.abs(x - back(1)) * inverse - 1, INPUT_LIMIT)
    out[at + 3] = clamp(((x - back(2)) * inverse) / Math.SQRT2, INPUT_LIMIT)
    out[at + 4] = clamp(((x - back(5)) * inverse) / Math.sqrt(5), INPUT_LIMIT)
    out[at + 5] = clamp(((x - back(21)) * inverse) / Math.sqrt(21), INPUT_LIMIT)
    out[at + 6] = fast > 0 && slow > 0 ? clamp(Math.log(fast / slow), INPUT_LIMIT) : 0
    out[at + 7] = 0
    out[at + 8] = 0
    out[at + 9] = 0
  } else {
    const z = clamp((x - table.mean(slot)) * inverse, INPUT_LIMIT)
    out[at] = z
    out[at + 2] = clamp((x - back(1)) * inverse, INPUT_LIMIT)
    out[at + 3] = clamp((x - back(m)) * inverse, INPUT_LIMIT)
    out[at + 4] = clamp((x - back(W)) * inverse, INPUT_LIMIT)
    out[at + 5] = clamp((x - p7) * inverse, INPUT_LIMIT)
    const phase =
      2 * Math.PI * (interval > 0 && interval < DAY ? (local - day * DAY) / DAY : modulo(index, m) / m)
    out[at + 6] = Math.sin(phase)
    out[at + 7] = Math.cos(phase)
    out[at + 8] = Math.sin(2 * phase)
    out[at + 9] = Math.cos(2 * phase)
  }
  const week = (weekday / 7) * 2 * Math.PI
  out[at + 10] = Math.sin(week)
  out[at + 11] = Math.cos(week)
  out[at + 12] = weekday >= 5 ? 1 : 0
  let o = at + INPUTS
  if (calendar.hasHolidays) {
    for (const near of [day, day - 1, day + 1]) out[o++] = calendar.isHoliday(near) ? 1 : 0
  }
  if (layout.covariateNames.length > 0) covariateInputs(table, slot, index, out, o)
}

/** Where a walk over the history of a series finds what the stream finds in its row: see `headFeatures`. */
export interface HistoryView {
  /** Values; position of grid index i is (i modulo xSize). */
  readonly x: Float32Array
  readonly xAt: number
  readonly xSize: number
  /** Short-season profile after its update at i, position (i modulo p1Size). */
  readonly p1: Float32Array
  readonly p1At: number
  readonly p1Size: number
  readonly p7: Float32Array
  readonly p7At: number
  readonly p7Size: number
  /**
   * Oldest index that the arrays hold, where it may lie after a target's slot one long season back: the newest short
   * season stands in then, as it does in a row (`observe` fills it in). Absent: everything asked for is held.
   */
  readonly first?: number
}

/**
 * Features of the targets t+1…t+H in the scale of now, into out[at …], [H, features]:
 * x_t · x[i1] · x[i7] · P1[i1] · P7[i7] · x[i7]+dm · P7[i7]+dpm · P7[i7]+dp, sin and cos of the target's day of the year, holidays.
 * Those of covariates, which come last, are left to `covariateFeatures`.
 * @param drift dm, dpm, dp of t: see `seasonalDrift`
 */
export function headFeatures(
  target: TargetIndex,
  view: HistoryView,
  index: number,
  ts: number,
  mean: number,
  scale: number,
  drift: SeasonalDrift,
  annual: boolean,
  out: Float32Array,
  at: number,
): void {
  const { layout, i1, i7 } = target
  const { width } = target
  if (showsHolidays(layout)) {
    const flags = target.holidays(ts)
    for (let h = 0, o = at + seasonalWidth(layout); h < i1.length; h++, o += width) {
      for (let j = 0; j < HOLIDAY_FEATURES; j++) out[o + j] = flags[h * HOLIDAY_FEATURES + j]!
    }
  }
  if (layout.kind === 'walk') {
    for (let h = 0; h < i1.length; h++) out[at + h * width] = 0
    return
  }
  const inverse = 1 / scale
  const offset = -mean * inverse
  const { x, p1, p7, xSize, p1Size, p7Size } = view
  const now = clamp(x[view.xAt + modulo(index, xSize)]! * inverse + offset, FEATURE_LIMIT)
  const dm = drift.dm * inverse
  const dpm = drift.dpm * inverse
  const dp = drift.dp * inverse
  const interval = layout.shape.interval
  const first = view.first ?? -Infinity
  for (let h = 0, o = at; h < i1.length; h++, o += width) {
    const a = Math.max(index + i1[h]!, first)
    const b = index + i7[h]!
    const held = b >= first
    const xb = x[view.xAt + modulo(held ? b : a, xSize)]! * inverse + offset
    const pb =
      (held ? p7[view.p7At + modulo(b, p7Size)]! : p1[view.p1At + modulo(a, p1Size)]!) * inverse + offset
    out[o] = now
    out[o + 1] = clamp(x[view.xAt + modulo(a, xSize)]! * inverse + offset, FEATURE_LIMIT)
    out[o + 2] = clamp(xb, FEATURE_LIMIT)
    out[o + 3] = clamp(p1[view.p1At + modulo(a, p1Size)]! * inverse + offset, FEATURE_LIMIT)
    out[o + 4] = clamp(pb, FEATURE_LIMIT)
    out[o + 5] = clamp(xb + dm, FEATURE_LIMIT)
    out[o + 6] = clamp(pb + dpm, FEATURE_LIMIT)
    out[o + 7] = clamp(pb + dp, FEATURE_LIMIT)
    if (annual) {
      const year = ((((ts + (h + 1) * interval) / DAY) % 365.2425) / 365.2425) * 2 * Math.PI
      out[o + 8] = Math.sin(year)
      out[o + 9] = Math.cos(year)
    } else {
      out[o + 8] = 0
      out[o + 9] = 0
    }
  }
}

export interface SeasonalDrift {
  /** Mean over the last m steps of x − x one long season before. */
  dm: number
  /** Mean over the last m steps of dp. */
  dpm: number
  /** x_t − P7 of its slot before its update. */
  dp: number
}

/** dm, dpm, dp of the newest step, from the row. Costs 3 m reads, whatever the history. */
export function seasonalDrift(table: SeriesTable, slot: number, index: number, into: SeasonalDrift): void {
  const { layout, f32 } = table
  const { short: m, long: W, ringSize: R } = layout
  const row = slot * layout.width
  let p = modulo(index, R)
  let q = p - W < 0 ? p - W + R : p - W
  let dm = 0
  let dpm = 0
  for (let j = 0; j < m; j++) {
    dm += f32[row + p]! - f32[row + q]!
    dpm += f32[row + layout.dp + j]!
    if (--p < 0) p = R - 1
    if (--q < 0) q = R - 1
  }
  into.dm = dm / m
  into.dpm = dpm / m
  into.dp = f32[row + layout.dp + modulo(index, m)]!
}
