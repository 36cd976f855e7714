import type { BacktestProgress } from '../../ports/control/backtests.js'

/** Follows a backtest through its phases, and says when the present one will be over. */
export class Phases {
  private started = performance.now()
  private done = 0
  private phase: BacktestProgress['phase'] = 'reading'
  private model: string | null = null

  /** @param networks of each a training and a stream; the baseline streams too, and first of all the file is read */
  constructor(
    private readonly networks: number,
    private readonly tell: (progress: BacktestProgress, detail: string) => void,
  ) {}

  begin(phase: BacktestProgress['phase'], model: string | null): void {
    this.done += 1
    this.phase = phase
    this.model = model
    this.started = performance.now()
    this.report(0, '', null)
  }

  /**
   * @param share of the phase, 0–1
   * @param etaSeconds default: at the pace so far
   */
  report(share: number, detail: string, etaSeconds = this.eta(share)): void {
    const { phase, model, done } = this
    this.tell({ phase, model, share, etaSeconds, done, phases: 2 + 2 * this.networks }, detail)
  }

  private eta(share: number): number | null {
    if (share <= 0) return null
    return ((performance.now() - this.started) / 1000) * (1 / share - 1)
  }
}
