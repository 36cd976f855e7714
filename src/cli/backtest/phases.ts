import type { BacktestProgress } from '../../ports/control/backtests.js'

const WITH_REFIT = 2.2

/** Follows a backtest through its phases, and says when the present one will be over. */
export class Phases {
  /** Updates that the present training began with; 0: none has been made. */
  private planned = 0
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
    this.planned = 0
    this.report(0, '', null)
  }

  /**
   * A first training goes on with about as much again, on everything: how much it learns only then.
   * @param updates planned so far
   */
  training(update: number, updates: number, loss: number): void {
    if (this.planned === 0) this.planned = updates
    const all = updates > this.planned ? updates : WITH_REFIT * updates
    this.report(Math.min(1, update / all), `loss ${loss.toFixed(4)}`)
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
