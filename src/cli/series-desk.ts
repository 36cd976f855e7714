import type { SeriesView } from '../pipeline/series/series-view.js'
import type { SeriesControl } from '../ports/control/series.js'

/** Finds whose series are asked for. */
export class SeriesDesk implements SeriesControl {
  constructor(private readonly of: (pipeline: string) => SeriesView | undefined) {}

  async list(pipeline: string, ...what: Parameters<SeriesView['list']>): ReturnType<SeriesControl['list']> {
    return this.of(pipeline)?.list(...what)
  }

  async state(
    pipeline: string,
    ...what: Parameters<SeriesView['state']>
  ): ReturnType<SeriesControl['state']> {
    return this.of(pipeline)?.state(...what)
  }

  async history(
    pipeline: string,
    ...what: Parameters<SeriesView['history']>
  ): ReturnType<SeriesControl['history']> {
    return this.of(pipeline)?.history(...what)
  }

  async forecasts(
    pipeline: string,
    ...what: Parameters<SeriesView['forecasts']>
  ): ReturnType<SeriesControl['forecasts']> {
    return this.of(pipeline)?.forecasts(...what)
  }

  async steps(
    pipeline: string,
    ...what: Parameters<SeriesView['steps']>
  ): ReturnType<SeriesControl['steps']> {
    return this.of(pipeline)?.steps(...what)
  }

  async whatIf(
    pipeline: string,
    ...what: Parameters<SeriesView['whatIf']>
  ): ReturnType<SeriesControl['whatIf']> {
    return this.of(pipeline)?.whatIf(...what)
  }

  since(pipeline: string, ...what: Parameters<SeriesView['since']>): ReturnType<SeriesControl['since']> {
    return this.of(pipeline)?.since(...what)
  }

  beside(pipeline: string, ...what: Parameters<SeriesView['beside']>): ReturnType<SeriesControl['beside']> {
    return this.of(pipeline)?.beside(...what)
  }
}
