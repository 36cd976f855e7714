/** Decimals that show a scale to five digits below its magnitude; rounding to them keeps quantiles in order. */
export function decimalsFor(scale: number): number {
  if (!(scale > 0) || !Number.isFinite(scale)) return 5
  return Math.min(15, Math.max(0, 5 - Math.floor(Math.log10(scale))))
}

const POWERS = Array.from({ length: 16 }, (_, i) => Math.pow(10, i))
/** Below this a rounded number fits 32-bit integer arithmetic, which is several times as fast. */
const INT32 = 2 ** 31
/** Below this a rounded number's digits are exact in a double. */
const EXACT = 2 ** 53

/** The number that is read back from what `writeNumber` writes. */
export function rounded(value: number, decimals: number): number {
  const power = POWERS[decimals]!
  const scaled = Math.round(Math.abs(value) * power)
  if (!(scaled < EXACT)) return value
  // Both are exact in a double, so this is the double nearest to the decimal fraction.
  return value < 0 && scaled > 0 ? -scaled / power : scaled / power
}

/** Writes `value` rounded to so many decimals, without trailing zeros; returns the position behind it. */
export function writeNumber(out: Buffer, at: number, value: number, decimals: number): number {
  const power = POWERS[decimals]!
  const scaled = Math.round(Math.abs(value) * power)
  if (!(scaled < EXACT)) return at + out.write(String(value), at, 'latin1')
  let p = at
  if (value < 0 && scaled > 0) out[p++] = 45
  if (scaled < INT32) return writeFixed(out, p, scaled | 0, decimals)
  const whole = Math.floor(scaled / power)
  p += out.write(String(whole), p, 'latin1')
  const fraction = scaled - whole * power
  if (fraction === 0) return p
  const digits = String(fraction).padStart(decimals, '0').replace(/0+$/, '')
  return p + out.write(`.${digits}`, p, 'latin1')
}

/** The integer n ≥ 0 with its last `decimals` digits behind the point. */
function writeFixed(out: Buffer, at: number, n: number, decimals: number): number {
  let rest = n | 0
  let behind = decimals | 0
  while (behind > 0) {
    const next = (rest / 10) | 0
    if (rest !== next * 10) break
    rest = next
    behind--
  }
  let digits = 1
  for (let limit = 10; digits < 10 && rest >= limit; limit *= 10) digits++
  // At least one digit stands before the point.
  if (digits <= behind) digits = behind + 1
  const end = at + digits + (behind > 0 ? 1 : 0)
  let p = end - 1
  for (let i = 0; i < behind; i++) {
    const next = (rest / 10) | 0
    out[p--] = 48 + (rest - next * 10)
    rest = next
  }
  if (behind > 0) out[p--] = 46
  while (p >= at) {
    const next = (rest / 10) | 0
    out[p--] = 48 + (rest - next * 10)
    rest = next
  }
  return end
}
