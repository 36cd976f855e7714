/**
 * Writes forecast records as JSON bytes. The 72 numbers of a common forecast cost most of a record's time, so they are
 * written digit by digit into one buffer that is handed out in pieces; nothing is allocated per number.
 */
export class ForecastEncoder {
  private buffer: Buffer
  private used = 0
  private readonly levels: readonly Buffer[]
  private readonly start: string
  /** Parts of the last record that the next one often shares: its origin, and what follows on it up to the numbers. */
  private origin = NaN
  private originText = Buffer.alloc(0)
  private model = ''
  private modelText = Buffer.alloc(0)

  /**
   * @param interval ISO 8601 duration, or `observations`
   * @param chunkBytes size of the pieces that records are cut from; a piece lives as long as one of its records
   */
  constructor(
    pipeline: string,
    private readonly interval: string,
    private readonly horizon: number,
    quantiles: readonly number[],
    private readonly chunkBytes = 1 << 20,
  ) {
    this.start = `{"pipeline":${JSON.stringify(pipeline)},"series":`
    this.levels = quantiles.map((q, i) => Buffer.from(`${i === 0 ? '' : '],'}"${String(q)}":[`))
    this.buffer = Buffer.allocUnsafe(chunkBytes)
  }

  /** The bytes with which every record of a series begins; made once for each. */
  head(series: string): Buffer {
    return Buffer.from(`${this.start}${JSON.stringify(series)},"origin":"`)
  }

  /**
   * @param head of the series
   * @param forecast [horizon, quantiles] from `at`
   * @param scale sets the number of decimals: five digits below its own magnitude
   * @returns bytes that stay as they are
   */
  encode(
    head: Uint8Array,
    origin: number,
    model: string,
    forecast: Float64Array,
    at: number,
    scale: number,
  ): Uint8Array {
    const Q = this.levels.length
    this.share(origin, model)
    const { originText, modelText } = this
    const room = head.length + originText.length + modelText.length + this.horizon * Q * 26 + Q * 24 + 8
    if (this.buffer.length - this.used < room) {
      this.buffer = Buffer.allocUnsafe(Math.max(this.chunkBytes, room))
      this.used = 0
    }
    const buffer = this.buffer
    const start = this.used
    let p = start
    buffer.set(head, p)
    p += head.length
    buffer.set(originText, p)
    p += originText.length
    buffer.set(modelText, p)
    p += modelText.length
    const decimals = decimalsFor(scale)
    for (let q = 0; q < Q; q++) {
      const level = this.levels[q]!
      for (let i = 0; i < level.length; i++) buffer[p++] = level[i]!
      for (let h = 0; h < this.horizon; h++) {
        if (h > 0) buffer[p++] = 44
        p = writeNumber(buffer, p, forecast[at + h * Q + q]!, decimals)
      }
    }
    buffer[p++] = 93
    buffer[p++] = 125
    buffer[p++] = 125
    this.used = p
    return buffer.subarray(start, p)
  }

  private share(origin: number, model: string): void {
    if (origin !== this.origin) {
      this.origin = origin
      this.originText = Buffer.from(new Date(origin).toISOString())
    }
    if (model !== this.model) {
      this.model = model
      this.modelText = Buffer.from(
        `","interval":"${this.interval}","horizon":${String(this.horizon)},"model":"${model}","quantiles":{`,
      )
    }
  }
}

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

/** Writes `value` rounded to so many decimals, without trailing zeros; returns the position behind it. */
function writeNumber(out: Buffer, at: number, value: number, decimals: number): number {
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

/** ISO 8601 duration of a grid step, e.g. PT1H; `observations` for the observation grid. */
export function isoInterval(ms: number): string {
  if (ms === 0) return 'observations'
  const units: [number, string, string][] = [
    [86_400_000, 'P', 'D'],
    [3_600_000, 'PT', 'H'],
    [60_000, 'PT', 'M'],
  ]
  for (const [size, prefix, suffix] of units) {
    if (ms % size === 0) return `${prefix}${String(ms / size)}${suffix}`
  }
  return `PT${String(ms / 1000)}S`
}
